"""Maps of pixels and of places, drawn from seeds, and pictures to see them on."""

import numpy as np
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

import warpkit as wk

SEEDS = st.integers(0, 2**32 - 1)
MATRIX_CLASSES = [wk.Translation, wk.Attention, wk.Rigid, wk.Similarity, wk.Affine, wk.Projective]
AFFINE_CLASSES = MATRIX_CLASSES[:-1]


def smooth(shape, seed=0):
    """Smooth noise between -1 and 1."""
    image = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 3, mode="wrap")
    return image / np.abs(image).max()


def of_pixels(kind, shape, seed):
    """A map of this class, about the middle of an image of this shape, with a shift of up to 3 pixels."""
    rng, ndim = np.random.default_rng(seed), len(shape)
    drawn = kind.random(rng, ndim, frame="pixel")
    if kind is wk.Projective:
        theta = drawn.theta.copy()
        theta[:, -1, :-1] *= 0.02  # at 1, a picture of 40 pixels would reach far beyond the horizon
        drawn = wk.Projective(theta, frame="pixel")
    middle = (np.array(shape[::-1]) - 1) / 2
    there = wk.Translation((middle + rng.uniform(-3, 3, ndim))[None], frame="pixel")
    back = wk.Translation(-middle[None], frame="pixel")
    return there @ drawn @ back


def points_in(shape, seed, m=20):
    """Points (m, ndim) of an image, (x, y[, z])."""
    return np.random.default_rng(seed).uniform(0, np.array(shape[::-1]) - 1, (m, len(shape)))


def interior(transform, in_shape, out_shape, margin=1.0):
    """Which output pixels lie in the input by this margin: there no library's rule for edges counts."""
    places = transform.grid(out_shape)[0]
    last = np.array(in_shape[::-1]) - 1
    return ((places > margin) & (places < last - margin)).all(axis=-1)


def turned(rng, ndim):
    """A direction: a rotation, or half the time one with a reflection."""
    q, r = np.linalg.qr(rng.standard_normal((ndim, ndim)))
    return q * np.sign(np.diag(r))


def geometry(shape, seed):
    """Somewhere in the world, pixels of different lengths, oblique."""
    rng, ndim = np.random.default_rng(seed), len(shape)
    direction = turned(rng, ndim)
    spacing = rng.uniform(0.5, 3, ndim)
    middle = (np.array(shape[::-1]) - 1) / 2
    origin = rng.uniform(-5, 5, ndim) - direction @ (
        spacing * middle
    )  # the middle is near the world's origin
    return wk.Geometry(shape, tuple(spacing), tuple(origin), tuple(map(tuple, direction.tolist())))
