"""SciPy's matrices and offsets, against SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import affine_transform

import warpkit as wk

from .maps import AFFINE_CLASSES, SEEDS, of_pixels, smooth

SHAPES = {1: (30,), 2: (12, 15), 3: (7, 8, 9)}


def scipy_warp(image, *arguments):
    return affine_transform(image, *arguments, order=1, mode="grid-constant", output_shape=image.shape)


@given(ndim=st.integers(1, 3), seed=SEEDS)
def test_warpkit_warps_as_scipy_does(ndim, seed):
    """The whole image, edges too: SciPy's "grid-constant" is warpkit's "constant"."""
    rng, image = np.random.default_rng(seed), smooth(SHAPES[ndim])
    matrix, offset = rng.uniform(-1.5, 1.5, (ndim, ndim)), rng.uniform(-5, 5, ndim)
    transform = wk.from_scipy(matrix, offset, ndim=ndim)
    np.testing.assert_allclose(wk.warp(image, transform), scipy_warp(image, matrix, offset), atol=1e-12)


@given(kind=st.sampled_from([*AFFINE_CLASSES]), ndim=st.integers(2, 3), seed=SEEDS)
def test_scipy_warps_as_warpkit_does(kind, ndim, seed):
    image = smooth(SHAPES[ndim])
    transform = of_pixels(kind, image.shape, seed)
    given = wk.to_scipy(transform)
    np.testing.assert_allclose(scipy_warp(image, *given), wk.warp(image, transform), atol=1e-12)
    np.testing.assert_array_equal(wk.from_scipy(*given, ndim=ndim).theta, transform.to_affine().theta)


@given(ndim=st.integers(1, 3), seed=SEEDS)
def test_every_form_that_scipy_takes(ndim, seed):
    rng, image = np.random.default_rng(seed), smooth(SHAPES[ndim])
    factors, shift = rng.uniform(0.5, 1.5, ndim), rng.uniform(-5, 5, ndim)
    whole = np.eye(ndim + 1)
    whole[:-1] = rng.uniform(-1.5, 1.5, (ndim, ndim + 1))
    for arguments in ((factors, shift), (factors, 2.5), (whole[:-1],), (whole,)):
        transform = wk.from_scipy(*arguments, ndim=ndim)
        np.testing.assert_allclose(wk.warp(image, transform), scipy_warp(image, *arguments), atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.eye(2), 0.0, 4), "ndim: expected 1, 2 or 3, given 4"),
        ((np.eye(3), 0.0, 1), r"matrix: expected shape \(1,\) or"),
        ((np.eye(2), [1.0, 2.0, 3.0], 2), r"offset: expected shape \(\) or \(2,\)"),
        ((np.eye(3), 1.0, 2), "offset: expected 0 beside a homogeneous matrix"),
        ((np.ones((3, 3)), 0.0, 2), "matrix: expected a last row of zeros and a 1"),
    ],
)
def test_wrong_arguments(arguments, message):
    matrix, offset, ndim = arguments
    with pytest.raises(ValueError, match=message):
        wk.from_scipy(matrix, offset, ndim=ndim)


def test_no_homographies():
    with pytest.raises(TypeError, match="transform: expected an affine map, given"):
        wk.to_scipy(wk.Projective.identity(2, frame="pixel"))
