"""The paper's distortion P: homographies that move the corners."""

from __future__ import annotations

import numpy as np

from warpkit._core import check_shape, wrong_value
from warpkit.warping import warp_projective

from ._checks import check_images, check_range, check_sigma

_CORNERS = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])  # around the frame, normalised
_TRIES = 1000


def perturb_corners(
    images: np.ndarray,
    rng: np.random.Generator,
    sigma: float = 5.0,
    scale: tuple[float, float] = (0.75, 1.0),
    shape: tuple[int, int] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Scale each image and move its four corners at random: the paper's P.

    **Convention.** `theta` maps output coordinates (x, y) to input coordinates: the moved corners, which
    lie in the output, to the corners of the input.

    Parameters
    ----------
    images : array (n, c, height, width)
        Floating.
    rng : numpy.random.Generator
        Where the scale is drawn from, uniformly, and how the corners move, normally.
    sigma : float
        Standard deviation of each coordinate of each corner, in pixels. A generator of this data by Sheng
        Zhang has 5; the paper says "normal perturbation" [1]_.
    scale : tuple of two floats
        Least and greatest, above 0; below 1 the image becomes smaller. 0.75 to 1 as in that generator.
    shape : tuple of int, optional
        Height and width of the output, the input's by default. The image is not enlarged with it, but lies in
        the middle of it.

    Returns
    -------
    images : ndarray of float32 (n, c, *shape)
        The distorted images, by :func:`warpkit.warp_projective`.
    theta : ndarray of float64 (n, 3, 3)
        The homographies, in the frame "normalized", with a last element of 1.

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape or type, or `sigma` is so large that hardly any corners are those of
        a convex quadrilateral.

    Notes
    -----
    Corners that are not those of a convex quadrilateral in the same sense of rotation are drawn again: no
    view of a plane has such corners.

    References
    ----------
    .. [1] M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015,
       section 4.1 and appendix A.4.
    """
    images, sigma = check_images(images), check_sigma(sigma)
    in_shape = np.array(images.shape[2:])
    out_shape = tuple(images.shape[2:]) if shape is None else check_shape(shape, ndim=2)
    if 0 in out_shape:
        raise wrong_value("shape", "two lengths of at least 1", out_shape)
    lengths = np.array(out_shape[::-1])
    scales = rng.uniform(*check_range("scale", scale, least=0.0), (len(images), 1, 1))
    still = scales * _CORNERS * (in_shape[::-1] / lengths)
    corners = _draw_convex(still, rng, sigma * 2 / lengths)
    theta = homographies(corners, np.broadcast_to(_CORNERS, corners.shape))
    return warp_projective(images, theta, out_shape), theta


def _draw_convex(corners: np.ndarray, rng: np.random.Generator, sigma: np.ndarray) -> np.ndarray:
    """Corners (n, 4, 2) moved by normal deviates, drawn again until they are convex."""
    moved, left = corners.copy(), np.arange(len(corners))
    for _ in range(_TRIES):
        moved[left] = corners[left] + rng.standard_normal((len(left), 4, 2)) * sigma
        left = left[~_is_convex(moved[left])]
        if not len(left):
            return moved
    raise wrong_value("sigma", "moves that leave the corners convex", "larger ones")


def _is_convex(corners: np.ndarray) -> np.ndarray:
    """Whether at each of four corners the way around turns in the sense of the frame's corners."""
    edges = np.roll(corners, -1, axis=1) - corners
    following = np.roll(edges, -1, axis=1)
    turns = edges[..., 0] * following[..., 1] - edges[..., 1] * following[..., 0]
    return (turns > 0).all(axis=1)


def homographies(src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    r"""Find the homographies (n, 3, 3) from src to dst, four points each (n, 4, 2); they end in 1.

    Each point gives two of eight equations: :math:`h_1 \cdot p - x' (h_3 \cdot p) = x'`, and so for y.
    """
    n = len(src)
    ones, zeros = np.ones((n, 4, 1)), np.zeros((n, 4, 3))
    points = np.concatenate([src, ones], axis=-1)
    for_x = np.concatenate([points, zeros, -dst[..., :1] * src], axis=-1)
    for_y = np.concatenate([zeros, points, -dst[..., 1:] * src], axis=-1)
    equations = np.concatenate([for_x, for_y], axis=1)
    right = np.concatenate([dst[..., :1], dst[..., 1:]], axis=1)
    solved = np.linalg.solve(equations, right)[..., 0]
    return np.concatenate([solved, np.ones((n, 1))], axis=1).reshape(n, 3, 3)
