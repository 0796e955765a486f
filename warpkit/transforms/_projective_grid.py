r"""Projective maps of points and of whole grids.

A homogeneous matrix `H` maps :math:`p` to :math:`h / w` with :math:`(h, w) = H (p, 1)`. Any non-zero multiple
of `H` is the same map; its sign is chosen so that the last element, the denominator at the frame's origin, is
positive. Where the denominator is then zero or negative the point has passed through infinity: it is
infinitely far, outside of everything, and nothing can be learned from it: its gradient is zero.
"""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, namespace, op, plain, wrong_value
from warpkit.ops import where

from ._affine_grid import affine_points, check_points, homogeneous_grid, joint_batch


def check_homography(theta: ArraySpec) -> int:
    """Check that theta is a batch of homogeneous matrices; return ndim."""
    ndim = theta.shape[-1] - 1 if theta.ndim == 3 else 0
    if theta.ndim != 3 or not 1 <= ndim <= 3 or theta.shape[1] != ndim + 1:
        raise wrong_value("theta", "shape (n, 3, 3) in 2D, (n, 4, 4) in 3D", f"shape {theta.shape}")
    if not theta.differentiable:
        raise TypeError(f"theta: expected a floating dtype, given {theta.dtype}")
    return ndim


def with_positive_origin(theta: Array) -> Array:
    """The multiple, by +1 or -1, of each matrix whose denominator at the origin is positive."""
    return theta * origin_sign(theta)


def origin_sign(theta: Array) -> Array:
    """By which of +1 and -1 that is, (n, 1, 1).

    Where the denominator is zero the last element of the row that is not zero decides instead.
    """
    row = plain(theta)[:, -1, ::-1]
    xp = namespace(row)
    decisive = xp.take_along_axis(row, xp.argmax(row != 0, axis=1)[:, None], axis=1)[:, :, None]
    return xp.where(decisive < 0, -1.0, 1.0).astype(theta.dtype)


def divide_out(homogeneous: Array) -> Array:
    """From (..., ndim + 1) homogeneous coordinates to (..., ndim) ones; infinity where w <= 0."""
    w = homogeneous[..., -1:]
    far = plain(w) <= 0
    safe = where(far, 1.0, w)  # keeps the quotient's derivative finite where it is not used
    infinity = namespace(plain(w)).asarray(np.inf, dtype=homogeneous.dtype)
    return where(far, infinity, homogeneous[..., :-1] / safe)


@op(batch=("theta", "points"))
def projective_points(theta: Array, points: Array) -> Array:
    r"""Map points by homographies.

    **Convention.** Points are (x, y[, z]); a transform maps output coordinates to input coordinates.

    Parameters
    ----------
    theta : array, shape (n, ndim + 1, ndim + 1)
        Homogeneous matrices; any non-zero multiple is the same map.
    points : array, shape (n, m, ndim)
        `n` may be 1 here or in `theta`.

    Returns
    -------
    array, shape (n, m, ndim)
        :math:`q = h / w`; infinity where :math:`w \le 0`.

    Notes
    -----
    :math:`\bar h = \bar q / w`, :math:`\bar w = -\bar q \cdot q / w`, and both are zero where
    :math:`w \le 0`; then as of :func:`affine_points`.

    References
    ----------
    R. Hartley, A. Zisserman, "Multiple View Geometry in Computer Vision", 2004, section 2.3.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.transforms import projective_points
    >>> theta = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]])
    >>> projective_points(theta, np.array([[[1.0, 1.0], [-2.0, 1.0]]]))
    array([[[0.5, 0.5],
            [inf, inf]]])
    """
    return divide_out(affine_points(with_positive_origin(theta), points))


@projective_points.spec
def _points_spec(theta, points):
    ndim = check_homography(theta)
    check_points(points, ndim)
    dtype = np.result_type(theta.dtype, points.dtype)
    return ArraySpec((joint_batch(theta, points), points.shape[1], ndim), dtype)


@op(batch=("theta",))
def projective_grid(theta: Array, shape: tuple[int, ...], *, frame: str = "normalized") -> Array:
    r"""Map the pixel centres of an output image by homographies: the grid to sample an input image at.

    **Convention.** Coordinates are (x, y[, z]), the last image axis first. `theta` maps output coordinates
    to input coordinates, both in `frame`.

    Parameters
    ----------
    theta : array, shape (n, ndim + 1, ndim + 1)
        Homogeneous matrices; any non-zero multiple is the same map.
    shape : tuple of int
        Spatial shape of the output.
    frame : {"normalized", "corners", "pixel"}
        What -1 and +1 mean; see :mod:`warpkit.grids`.

    Returns
    -------
    array, shape (n, *shape, ndim)
        Of the dtype of `theta`. Infinity where the denominator is zero or negative: outside, with zero
        gradient.

    Raises
    ------
    ValueError
        If `theta` has another shape, `shape` another number of axes, or a length is negative.

    Notes
    -----
    As of :func:`projective_points`, at the pixel centres.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.projective_grid(2 * np.eye(3)[None], (1, 2))
    array([[[[-0.5,  0. ],
             [ 0.5,  0. ]]]])
    """
    return divide_out(homogeneous_grid(with_positive_origin(theta), shape, frame=frame))


@projective_grid.spec
def _grid_spec(theta, shape, *, frame):
    ndim = check_homography(theta)
    out = homogeneous_grid.output_specs((theta,), {"shape": shape, "frame": frame})[0]
    return ArraySpec((*out.shape[:-1], ndim), theta.dtype)


def _near_identity(rng, n, ndim):
    return np.eye(ndim + 1) + rng.uniform(-0.15, 0.15, (n, ndim + 1, ndim + 1))


@projective_points.samples
def _points_samples(rng):
    yield Sample((_near_identity(rng, 2, 2), rng.uniform(-1, 1, (2, 5, 2))), {})
    yield Sample((-_near_identity(rng, 1, 3), rng.uniform(-1, 1, (2, 4, 3))), {})


@projective_grid.samples
def _grid_samples(rng):
    yield Sample((_near_identity(rng, 2, 2),), {"shape": (3, 4), "frame": "normalized"})
    yield Sample((-3 * _near_identity(rng, 1, 3),), {"shape": (2, 3, 2), "frame": "corners"})
