"""The paper's distortion TC: digits moved about among pieces of others."""

from __future__ import annotations

import numpy as np

from warpkit._core import check_shape, wrong_value
from warpkit.warping import warp_affine

from ._checks import check_images


def clutter(
    images: np.ndarray,
    rng: np.random.Generator,
    shape: tuple[int, int] = (60, 60),
    pieces: int = 6,
    piece_shape: tuple[int, int] = (6, 6),
) -> tuple[np.ndarray, np.ndarray]:
    """Put each image at a random place among pieces of other images: the paper's TC.

    **Convention.** `theta` maps output coordinates (x, y) to input coordinates: those of the whole image, not
    of the pieces.

    Parameters
    ----------
    images : array (n, c, height, width)
        Floating, at least two: the pieces are cut from the others.
    rng : numpy.random.Generator
        Where all places are drawn from, uniformly among those of whole pixels where nothing is cut off.
    shape : tuple of int
        Height and width of the canvas. The paper's is 60 by 60 [1]_.
    pieces : int
        Number of pieces per image. The paper's is 6 [1]_.
    piece_shape : tuple of int
        Height and width of a piece. The paper's is 6 by 6 [1]_.

    Returns
    -------
    images : ndarray of float32 (n, c, *shape)
        Of digit and pieces the brightest at each pixel.
    theta : ndarray of float64 (n, 2, 3)
        The maps, in the frame "pixel".

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape or type, the image does not fit on the canvas or the piece into the
        image, or there is only one image.

    References
    ----------
    .. [1] M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015,
       section 4.1 and appendix A.4: a cluttered 60 by 60 canvas with 6 random 6 by 6 crops.
    """
    images = check_images(images)
    in_shape = (images.shape[2], images.shape[3])
    check_shape(shape, ndim=2)
    check_shape(piece_shape, ndim=2)
    _check_fits("shape", in_shape, shape)
    _check_fits("piece_shape", piece_shape, in_shape)
    if pieces < 0:
        raise wrong_value("pieces", "a number of at least 0", pieces)
    if len(images) == 1:
        raise wrong_value("images", "at least two, whose pieces are mixed", "one")
    place = _draw_places(rng, len(images), in_shape, shape)
    theta = _moves(-place)
    out = warp_affine(images, theta, shape, frame="pixel")
    for _ in range(pieces):
        others = _draw_others(rng, len(images))
        cut = _moves(_draw_places(rng, len(images), piece_shape, in_shape))
        piece = warp_affine(images[others], cut, piece_shape, frame="pixel")
        put = _moves(-_draw_places(rng, len(images), piece_shape, shape))
        out = np.maximum(out, warp_affine(piece, put, shape, frame="pixel"))
    return out, theta


def _check_fits(argument: str, inner: tuple[int, ...], outer: tuple[int, ...]) -> None:
    if any(small > large for small, large in zip(inner, outer, strict=True)):
        raise wrong_value(argument, f"{inner} to fit into {outer}", "what does not")


def _draw_places(
    rng: np.random.Generator, n: int, inner: tuple[int, ...], outer: tuple[int, ...]
) -> np.ndarray:
    """Pixels (n, 2), as (x, y), where the first pixel of an inner rectangle can lie in an outer one."""
    room = np.array(outer[::-1]) - np.array(inner[::-1])
    return rng.integers(0, room + 1, (n, 2))


def _draw_others(rng: np.random.Generator, n: int) -> np.ndarray:
    """For each of n another one of them (n,)."""
    return (np.arange(n) + rng.integers(1, max(n, 2), n)) % max(n, 1)


def _moves(offset: np.ndarray) -> np.ndarray:
    """Maps p + offset (n, 2, 3), for offsets (n, 2)."""
    eye = np.broadcast_to(np.eye(2), (len(offset), 2, 2))
    return np.concatenate([eye, offset[:, :, None]], axis=-1).astype(np.float64)
