"""Affine maps of points and of whole grids."""

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
from warpkit.grids import FRAMES, axis_coordinates
from warpkit.ops import concatenate, matmul, stack, transpose
from warpkit.ops import sum as sum_over
from warpkit.ops._broadcasting import unbroadcast

POINTS = 2**16  # at a time: what is made on the way stays in the caches


def check_theta(theta: ArraySpec, rows: int | None = None) -> int:
    """Check that theta is a batch of (rows, ndim + 1) matrices, ndim rows by default; return ndim."""
    ndim = theta.shape[-1] - 1 if theta.ndim == 3 else 0
    expected = ndim if rows is None else rows
    if theta.ndim != 3 or not 1 <= ndim <= 3 or theta.shape[1] != expected:
        raise wrong_value("theta", "shape (n, 2, 3) in 2D, (n, 3, 4) in 3D", f"shape {theta.shape}")
    if not theta.differentiable:
        raise TypeError(f"theta: expected a floating dtype, given {theta.dtype}")
    return ndim


def check_points(points: ArraySpec, ndim: int) -> None:
    """Check that points have the shape (n, m, ndim)."""
    if points.ndim != 3 or points.shape[-1] != ndim:
        raise wrong_value("points", f"shape (n, m, {ndim})", f"shape {points.shape}")


def joint_batch(theta: ArraySpec, points: ArraySpec) -> int:
    """The batch of theta and points: equal, or one of them 1."""
    n, m = theta.shape[0], points.shape[0]
    if n != m and 1 not in (n, m):
        raise wrong_value("points", f"a batch of {n}, that of theta, or of 1", f"a batch of {m}")
    return m if n == 1 else n


@op(linear=("theta",), batch=("theta", "points"))
def affine_points(theta: Array, points: Array) -> Array:
    r"""Map points affinely.

    **Convention.** Points are (x, y[, z]); a transform maps output coordinates to input coordinates.

    Parameters
    ----------
    theta : array, shape (n, rows, ndim + 1)
        The matrix [A b] of each batch element; `rows` is ndim for an affine map.
    points : array, shape (n, m, ndim)
        `n` may be 1 here or in `theta`.

    Returns
    -------
    array, shape (n, m, rows)
        :math:`A p + b`, of the joint dtype.

    Notes
    -----
    :math:`\bar A = \sum_m \bar q_m p_m^T`, :math:`\bar b = \sum_m \bar q_m`, :math:`\bar p = A^T \bar q`.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.transforms import affine_points
    >>> affine_points(np.array([[[2.0, 0.0, 1.0], [0.0, 2.0, 0.0]]]), np.array([[[1.0, 3.0]]]))
    array([[[3., 6.]]])
    """
    n, m = len(points) if len(theta) == 1 else len(theta), points.shape[1]
    out = namespace(theta, points).empty((n, m, theta.shape[1]), np.result_type(theta.dtype, points.dtype))
    for first in range(0, m, POINTS):
        some = points[:, first : first + POINTS]
        # Written out rather than a matrix product: BLAS may order its sums differently on another machine.
        mapped = some[..., :1] * theta[:, None, :, 0]
        for j in range(1, points.shape[-1]):
            mapped = mapped + some[..., j : j + 1] * theta[:, None, :, j]
        out[:, first : first + POINTS] = mapped + theta[:, None, :, -1]
    return out


@affine_points.spec
def _points_spec(theta, points):
    ndim = theta.shape[-1] - 1 if theta.ndim == 3 else 0
    if ndim < 1:
        raise wrong_value("theta", "shape (n, rows, ndim + 1)", f"shape {theta.shape}")
    check_points(points, ndim)
    n = joint_batch(theta, points)
    return ArraySpec((n, points.shape[1], theta.shape[1]), np.result_type(theta.dtype, points.dtype))


def homogeneous(points: Array) -> Array:
    """Points with a 1 appended: (n, m, ndim + 1)."""
    ones = namespace(plain(points)).ones((*points.shape[:-1], 1), points.dtype)
    return concatenate(points, ones, axis=-1)


@affine_points.vjp.rule
def _points_vjp(ct_out, theta, points, *, needs):
    ct_theta = ct_points = None
    if needs[0]:
        ct_theta = unbroadcast(matmul(transpose(ct_out, (0, 2, 1)), homogeneous(points)), theta)
    if needs[1]:
        ct_points = unbroadcast(matmul(ct_out, theta[:, :, :-1]), points)
    return ct_theta, ct_points


@affine_points.jvp.rule
def _points_jvp(tangents, theta, points):
    tan_theta, tan_points = tangents
    tan_out = None if tan_theta is None else affine_points(tan_theta, points)
    if tan_points is not None:
        moved = matmul(tan_points, transpose(theta[:, :, :-1], (0, 2, 1)))
        tan_out = moved if tan_out is None else tan_out + moved
    return tan_out


@affine_points.samples
def _points_samples(rng):
    yield Sample((rng.standard_normal((2, 2, 3)), rng.standard_normal((2, 5, 2))), {})
    yield Sample((rng.standard_normal((1, 3, 4)), rng.standard_normal((2, 4, 3))), {})


@op(linear=("theta",), batch=("theta",))
def affine_grid(theta: Array, shape: tuple[int, ...], *, frame: str = "normalized") -> Array:
    r"""Map the pixel centres of an output image affinely: the grid to sample an input image at.

    **Convention.** Coordinates are (x, y[, z]), the last image axis first. `theta` maps output coordinates
    to input coordinates, both in `frame`.

    Parameters
    ----------
    theta : array, shape (n, ndim, ndim + 1)
        The matrix [A b] of each batch element, ndim = 1, 2 or 3.
    shape : tuple of int
        Spatial shape of the output: ([[depth,] height,] width). It may differ from the input's.
    frame : {"normalized", "corners", "pixel"}
        What -1 and +1 mean; see :mod:`warpkit.grids`.

    Returns
    -------
    array, shape (n, *shape, ndim)
        Computed in float64, rounded once to the dtype of `theta`.

    Raises
    ------
    ValueError
        If `theta` has another shape, `shape` another number of axes, or a length is negative.

    Notes
    -----
    :math:`g(p) = A p + b` at the pixel centres `p` (Jaderberg et al. 2015, eq. 1). With the cotangent
    :math:`\bar g`, :math:`\bar A = \sum_p \bar g(p)\, p^T` and :math:`\bar b = \sum_p \bar g(p)`, summed in
    float64.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> theta = np.array([[[1.0, 0.0, 0.25], [0.0, 1.0, 0.0]]])
    >>> wk.affine_grid(theta, (1, 2))
    array([[[[-0.25,  0.  ],
             [ 0.75,  0.  ]]]])
    """
    return _linear_grid_body(theta, shape, frame)


@op(linear=("theta",), batch=("theta",))
def homogeneous_grid(theta: Array, shape: tuple[int, ...], *, frame: str = "normalized") -> Array:
    """Map the pixel centres by the rows of any matrix: :func:`affine_grid` with `rows` rows.

    Parameters
    ----------
    theta : array, shape (n, rows, ndim + 1)
        For a projective map the rows are its homogeneous matrix.
    shape : tuple of int
        Spatial shape of the output.
    frame : {"normalized", "corners", "pixel"}
        As of :func:`affine_grid`.

    Returns
    -------
    array, shape (n, *shape, rows)
        Of the dtype of `theta`.

    Notes
    -----
    Value and derivatives as of :func:`affine_grid`.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.transforms import homogeneous_grid
    >>> homogeneous_grid(np.eye(3)[None], (1, 2), frame="pixel")
    array([[[[0., 0., 1.],
             [1., 0., 1.]]]])
    """
    return _linear_grid_body(theta, shape, frame)


def _linear_grid_body(theta: Array, shape: tuple[int, ...], frame: str) -> Array:
    """Sum over axes of a column of theta times that axis' coordinates, (x, y[, z]) in turn, plus the last."""
    xp = namespace(theta)
    (n, rows), ndim = theta.shape[:2], len(shape)
    wide = theta.astype(xp.float64)
    coordinates = []
    for j in range(ndim):
        along = [1] * ndim
        along[ndim - 1 - j] = -1
        coordinates.append(xp.asarray(axis_coordinates(shape[ndim - 1 - j], frame)).reshape(along))
    out = xp.empty((n, *shape, rows), theta.dtype)
    for i in range(rows):  # one contiguous array per row: an innermost loop over the few rows is slow
        entry = [wide[:, i, j].reshape(-1, *(1,) * ndim) for j in range(ndim + 1)]
        value = entry[0] * coordinates[0]
        for j in range(1, ndim):
            value = value + entry[j] * coordinates[j]
        out[..., i] = value + entry[ndim]
    return out


def _grid_spec(theta, shape, *, frame, rows=None):
    ndim = check_theta(theta, rows)
    check_choice("frame", frame, FRAMES)
    return ArraySpec((theta.shape[0], *check_shape(shape, ndim=ndim), theta.shape[1]), theta.dtype)


@affine_grid.spec
def _affine_grid_spec(theta, shape, *, frame):
    return _grid_spec(theta, shape, frame=frame)


@homogeneous_grid.spec
def _homogeneous_grid_spec(theta, shape, *, frame):
    rows = theta.shape[1] if theta.ndim == 3 else None
    return _grid_spec(theta, shape, frame=frame, rows=rows)


def _grid_vjp(ct_out, theta, *, needs, shape, frame):
    """Sums of the cotangent, weighted by the coordinates of one axis at a time."""
    del needs
    ndim, rows = len(shape), []
    for i in range(theta.shape[1]):  # as in the body, one row at a time
        ct_row = ct_out[..., i]
        entries = []
        for j in range(ndim):
            axis = ndim - 1 - j
            others = tuple(a + 1 for a in range(ndim) if a != axis)
            profile = sum_over(ct_row, axis=others, dtype="float64")  # (n, shape[axis])
            entries.append(sum_over(profile * _like(theta, axis_coordinates(shape[axis], frame)), axis=1))
        entries.append(sum_over(ct_row, axis=tuple(range(1, ndim + 1)), dtype="float64"))
        rows.append(stack(entries, axis=-1))
    ct_theta = stack(rows, axis=1)
    return (ct_theta if ct_theta.dtype == theta.dtype else ct_theta.astype(theta.dtype),)


def _like(theta: Array, values: np.ndarray) -> Array:
    """A constant in the library of theta."""
    return namespace(plain(theta)).asarray(values)


for _op in (affine_grid, homogeneous_grid):
    _op.vjp.rule(_grid_vjp)


@affine_grid.jvp.rule
def _affine_grid_jvp(tangents, theta, *, shape, frame):
    del theta
    return affine_grid(tangents[0], shape, frame=frame)


@homogeneous_grid.jvp.rule
def _homogeneous_grid_jvp(tangents, theta, *, shape, frame):
    del theta
    return homogeneous_grid(tangents[0], shape, frame=frame)


@affine_grid.samples
def _affine_grid_samples(rng):
    yield Sample((rng.standard_normal((2, 2, 3)),), {"shape": (3, 4), "frame": "normalized"})
    yield Sample((rng.standard_normal((1, 3, 4)),), {"shape": (2, 3, 2), "frame": "corners"})
    yield Sample((rng.standard_normal((2, 1, 2)),), {"shape": (5,), "frame": "pixel"})


@homogeneous_grid.samples
def _homogeneous_grid_samples(rng):
    yield Sample((rng.standard_normal((2, 3, 3)),), {"shape": (3, 4), "frame": "normalized"})
