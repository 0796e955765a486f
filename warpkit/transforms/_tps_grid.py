"""Thin-plate splines of points and of whole grids."""

from __future__ import annotations

import numpy as np

from warpkit._core import (
    Array,
    ArraySpec,
    Sample,
    check_choice,
    check_shape,
    namespace,
    op,
    plain,
    wrong_value,
)
from warpkit.grids import FRAMES, identity_grid
from warpkit.ops import matmul, reshape

from ._affine_grid import joint_batch
from ._tps_system import check_control_points, lattice, spline_features, tps_operator


def check_values(theta: ArraySpec, control_points: ArraySpec) -> None:
    """Check that theta holds one place per control point."""
    if theta.ndim != 3 or theta.shape[1:] != control_points.shape:
        raise wrong_value(
            "theta",
            f"shape (n, {', '.join(map(str, control_points.shape))}), as control_points",
            f"shape {theta.shape}",
        )
    if not theta.differentiable:
        raise TypeError(f"theta: expected a floating dtype, given {theta.dtype}")


@op()
def tps_coefficients(theta: Array, control_points: Array, regularization: float = 0.0) -> Array:
    r"""Solve for the coefficients of a thin-plate spline's displacement.

    Parameters
    ----------
    theta : array, shape (n, k, ndim)
        Where each control point of the output lies in the input.
    control_points : array, shape (k, ndim)
        The control points in the output.
    regularization : float
        0 interpolates, more is smoother; see :mod:`warpkit.transforms`.

    Returns
    -------
    array of float64, shape (n, k + 1 + ndim, ndim)
        Of the displacement :math:`f(p) - p`: the weights of the k basis functions, the constant, and the
        factors of x, y[, z]. The identity's are exactly zero.

    Raises
    ------
    ValueError
        If shapes do not fit, the control points are degenerate, or `regularization` is negative.

    Notes
    -----
    Linear in :math:`\theta - c`, by the matrix of :func:`tps_operator`.
    """
    return matmul(
        tps_operator(control_points, regularization),
        theta.astype("float64") - control_points.astype("float64"),
    )


@tps_coefficients.spec
def _coefficients_spec(theta, control_points, regularization):
    check_control_points(control_points, regularization)
    check_values(theta, control_points)
    n, k, ndim = theta.shape
    return ArraySpec((n, k + 1 + ndim, ndim), np.dtype(np.float64))


@op(linear=("coefficients",))
def tps_displacement(coefficients: Array, control_points: Array, points: Array) -> Array:
    r"""Displacement of points by a thin-plate spline of given coefficients.

    **Convention.** Points are (x, y[, z]).

    Parameters
    ----------
    coefficients : array, shape (n, k + 1 + ndim, ndim)
        As of :func:`tps_coefficients`.
    control_points : array, shape (k, ndim)
        The centres of the basis functions.
    points : array, shape (n, m, ndim)
        `n` may be 1 here or in `coefficients`.

    Returns
    -------
    array of float64, shape (n, m, ndim)
        :math:`u(p) = \sum_k w_k \varphi(\lVert p - c_k \rVert) + a + A p`.

    Notes
    -----
    :math:`\bar w_k = \sum_p \varphi(\lVert p - c_k \rVert)\, \bar u(p)`; with
    :math:`q = \lVert p - c_k \rVert^2`,
    :math:`\bar p = A^T \bar u + 2 \sum_k \varphi'(q)\,(w_k \cdot \bar u)\,(p - c_k)`.
    """
    return matmul(spline_features(points, control_points), coefficients)


@tps_displacement.spec
def _displacement_spec(coefficients, control_points, points):
    check_control_points(control_points, 0.0)
    k, ndim = control_points.shape
    if coefficients.ndim != 3 or coefficients.shape[1:] != (k + 1 + ndim, ndim):
        raise wrong_value("coefficients", f"shape (n, {k + 1 + ndim}, {ndim})", f"shape {coefficients.shape}")
    if points.ndim != 3 or points.shape[-1] != ndim:
        raise wrong_value("points", f"shape (n, m, {ndim})", f"shape {points.shape}")
    return ArraySpec((joint_batch(coefficients, points), points.shape[1], ndim), np.dtype(np.float64))


@op()
def tps_points(theta: Array, control_points: Array, points: Array, regularization: float = 0.0) -> Array:
    """Map points by a thin-plate spline.

    **Convention.** Points are (x, y[, z]); a transform maps output coordinates to input coordinates.

    Parameters
    ----------
    theta, control_points, regularization
        As of :func:`tps_grid`.
    points : array, shape (n, m, ndim)
        `n` may be 1 here or in `theta`.

    Returns
    -------
    array, shape (n, m, ndim)
        :math:`p + u(p)`, of the joint dtype of `theta` and `points`.

    Notes
    -----
    :func:`tps_displacement` of :func:`tps_coefficients`, added to the points.
    """
    coefficients = tps_coefficients(theta, control_points, regularization)
    out = points.astype("float64") + tps_displacement(coefficients, control_points, points)
    return out.astype(np.result_type(theta.dtype, points.dtype))


@tps_points.spec
def _points_spec(theta, control_points, points, regularization):
    coefficients = _coefficients_spec(theta, control_points, regularization)
    out = _displacement_spec(coefficients, control_points, points)
    return out.with_dtype(np.result_type(theta.dtype, points.dtype))


@op()
def tps_grid(
    theta: Array,
    control_points: Array,
    shape: tuple[int, ...],
    regularization: float = 0.0,
    *,
    frame: str = "normalized",
) -> Array:
    r"""Map the pixel centres of an output image by thin-plate splines: the grid to sample an input image at.

    **Convention.** Coordinates are (x, y[, z]), the last image axis first, all in `frame`. `theta` says where
    each control point of the output lies in the input: the identity's theta is the control points.

    Parameters
    ----------
    theta : array, shape (n, k, ndim)
        Places in the input.
    control_points : array, shape (k, ndim)
        Places in the output, ndim = 2 or 3; in general position.
    shape : tuple of int
        Spatial shape of the output: ([depth,] height, width).
    regularization : float
        Lambda, in the units of the radial basis function: 0 interpolates, more is smoother.
    frame : {"normalized", "corners", "pixel"}
        What -1 and +1 mean; see :mod:`warpkit.grids`. Distances are taken in it, so in a frame in which
        pixels are not square, the spline bends accordingly.

    Returns
    -------
    array, shape (n, *shape, ndim)
        Computed in float64, rounded once to the dtype of `theta`.

    Raises
    ------
    ValueError
        If shapes do not fit, `regularization` is negative, or the control points are degenerate: the message
        names them and the condition number of the system.

    Notes
    -----
    :math:`g(p) = p + u(p)` with the spline `u` through the displacements :math:`\theta_k - c_k` at the
    control points :math:`c_k`: radial basis function :math:`r^2 \log r` in 2D, :math:`-r` in 3D. It is linear
    in theta, so that :math:`\bar\theta = M^T \bar g` with a matrix `M` of the control points alone; see
    :func:`tps_system` for holding on to it. The control points are differentiated too.

    References
    ----------
    F. L. Bookstein, "Principal warps: thin-plate splines and the decomposition of deformations", IEEE
    Transactions on Pattern Analysis and Machine Intelligence 11 (6), 1989.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> corners = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    >>> wk.tps_grid(corners[None], corners, (1, 2))
    array([[[[-0.5,  0. ],
             [ 0.5,  0. ]]]])
    """
    ndim = control_points.shape[1]
    xp = namespace(plain(theta), plain(control_points))
    points = xp.asarray(identity_grid(shape, frame).reshape(1, -1, ndim))
    coefficients = tps_coefficients(theta, control_points, regularization)
    out = points + tps_displacement(coefficients, control_points, points)
    return reshape(out, (theta.shape[0], *shape, ndim)).astype(theta.dtype)


@tps_grid.spec
def _grid_spec(theta, control_points, shape, regularization, *, frame):
    _coefficients_spec(theta, control_points, regularization)
    check_choice("frame", frame, FRAMES)
    n, _, ndim = theta.shape
    return ArraySpec((n, *check_shape(shape, ndim=ndim), ndim), theta.dtype)


def _values(rng, ndim):
    points = lattice(rng, ndim)
    return points + rng.uniform(-0.2, 0.2, (2, *points.shape)), points


@tps_coefficients.samples
def _coefficients_samples(rng):
    yield Sample(_values(rng, 2), {"regularization": 0.0})
    yield Sample(_values(rng, 3), {"regularization": 0.5})


@tps_displacement.samples
def _displacement_samples(rng):
    for ndim in (2, 3):
        points = lattice(rng, ndim)
        coefficients = rng.standard_normal((2, len(points) + 1 + ndim, ndim))
        yield Sample((coefficients, points, rng.uniform(-1, 1, (1, 4, ndim))), {})


@tps_points.samples
def _points_samples(rng):
    yield Sample((*_values(rng, 2), rng.uniform(-1, 1, (2, 4, 2))), {"regularization": 0.0})


@tps_grid.samples
def _grid_samples(rng):
    yield Sample(_values(rng, 2), {"shape": (3, 4), "regularization": 0.0, "frame": "normalized"})
    yield Sample(_values(rng, 3), {"shape": (2, 3, 2), "regularization": 0.1, "frame": "corners"})
