r"""The linear system of a thin-plate spline, for fixed control points.

The spline through values :math:`v_i` at control points :math:`c_i` is

.. math:: u(p) = \sum_k w_k\, \varphi(\lVert p - c_k \rVert) + a + A p,
   \qquad \sum_k w_k = 0, \quad \sum_k w_k c_k^T = 0,

with the radial basis function :math:`\varphi(r) = r^2 \log r` in 2D and :math:`\varphi(r) = -r` in 3D (of the
sign that makes a positive regularisation smooth), which minimises the bending energy (Bookstein 1989; Wahba
1990, section 2.4). Its coefficients solve

.. math:: \begin{pmatrix} K + \lambda I & P \\ P^T & 0 \end{pmatrix}
   \begin{pmatrix} w \\ (a, A) \end{pmatrix} = \begin{pmatrix} v \\ 0 \end{pmatrix}.

The system is built in centred and scaled coordinates :math:`p' = (p - m) / s`, where it is well
conditioned, and the coefficients are turned back. In 2D, :math:`\varphi(r) = s^2 \varphi(r') + s^2 \log s\,
r'^2`, and by the side conditions the last term adds up to a constant: so :math:`w = w' / s^2`,
:math:`\lambda' = \lambda / s^2` and :math:`a` loses :math:`\log s \sum_k w'_k \lVert c'_k \rVert^2`. In 3D,
:math:`\varphi(r) = s \varphi(r')`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, namespace, op, plain, to_numpy, wrong_type, wrong_value
from warpkit.ops import amax, concatenate, log, matmul, mean, reshape, solve, sqrt, transpose, where
from warpkit.ops import sum as sum_over

LARGEST_CONDITION_NUMBER = 1e13
"""Beyond this float64 leaves fewer than three digits of a solution."""


@op()
def radial_basis(squared_distance: Array, ndim: int) -> Array:
    r"""The radial basis function of a thin-plate spline, as a function of the squared distance q.

    Parameters
    ----------
    squared_distance : array
        :math:`q = r^2 \ge 0`.
    ndim : {2, 3}
        Number of dimensions: :math:`r^2 \log r = \tfrac12 q \log q` in 2D, :math:`-r = -\sqrt q` in 3D.

    Returns
    -------
    array
        Its values; 0 at q = 0.

    Notes
    -----
    The slope is :math:`\tfrac12 (\log q + 1)` in 2D, :math:`-1 / (2 \sqrt q)` in 3D. It is infinite at q = 0,
    where 0 is returned: as a function of the points, whose differences it multiplies, that is the gradient
    in 2D, and the middle of the subgradient in 3D.
    """
    xp = namespace(squared_distance)
    safe = xp.where(squared_distance > 0, squared_distance, 1)
    return xp.where(squared_distance > 0, 0.5 * safe * xp.log(safe) if ndim == 2 else -xp.sqrt(safe), 0)


@radial_basis.spec
def _radial_spec(squared_distance, ndim):
    if ndim not in (2, 3):
        raise wrong_value("ndim", "2 or 3", ndim)
    return squared_distance


def _slope(q: Array, ndim: int) -> Array:
    positive = plain(q) > 0
    safe = where(positive, q, 1.0)
    return where(positive, 0.5 * (log(safe) + 1.0) if ndim == 2 else -0.5 / sqrt(safe), 0.0)


@radial_basis.vjp.rule
def _radial_vjp(ct_out, squared_distance, *, needs, ndim):
    del needs
    return (ct_out * _slope(squared_distance, ndim),)


@radial_basis.jvp.rule
def _radial_jvp(tangents, squared_distance, *, ndim):
    return tangents[0] * _slope(squared_distance, ndim)


@radial_basis.samples
def _radial_samples(rng):
    for ndim in (2, 3):
        yield Sample((rng.uniform(0.1, 4.0, (3, 4)),), {"ndim": ndim})


def squared_distances(points: Array, centres: Array) -> Array:
    """Squared distances (n, m, k) of points (n, m, ndim) from centres (k, ndim)."""
    difference = reshape(points, (*points.shape[:2], 1, points.shape[2])) - centres
    return sum_over(difference * difference, axis=-1)


def spline_features(points: Array, control_points: Array) -> Array:
    """What coefficients are multiplied by at points (n, m, ndim): (n, m, k + 1 + ndim) in float64.

    The values of the k basis functions, 1, and x, y[, z].
    """
    points = points.astype("float64")
    distances = squared_distances(points, control_points.astype("float64"))
    ones = namespace(plain(points)).ones((*points.shape[:2], 1))
    return concatenate(radial_basis(distances, points.shape[-1]), ones, points, axis=-1)


@op()
def tps_operator(control_points: Array, regularization: float = 0.0) -> Array:
    """The matrix that takes values at the control points to the coefficients of their spline.

    Parameters
    ----------
    control_points : array, shape (k, ndim)
        In general position: not all on a line (a plane in 3D), and, without regularisation, distinct.
    regularization : float
        Lambda of the system, in the units of the basis function: 0 interpolates, more is smoother.

    Returns
    -------
    array of float64, shape (k + 1 + ndim, k)
        Rows: the weights of the k basis functions, the constant, and the factors of x, y[, z].

    Raises
    ------
    ValueError
        If the control points are degenerate, naming them and the condition number, or `regularization` is
        negative.
    """
    control_points = control_points.astype("float64")
    k, ndim = control_points.shape
    xp = namespace(plain(control_points))
    system, points, centre, scale, balance = _build(control_points, regularization)
    check_condition(to_numpy(plain(control_points)), float(np.linalg.cond(to_numpy(plain(system)), 1)))
    values = xp.concatenate([xp.eye(k), xp.zeros((1 + ndim, k))])
    scaled = solve(system, values)
    weights, constant, linear = scaled[:k], scaled[k : k + 1] * balance, scaled[k + 1 :] * balance / scale
    constant = constant - matmul(reshape(centre, (1, ndim)), linear)
    if ndim == 2:
        squares = sum_over(points * points, axis=1)
        constant = constant - log(scale) * matmul(reshape(squares, (1, k)), weights)
        weights = weights / scale
    return concatenate(weights / scale, constant, linear, axis=0)


def _build(control_points: Array, regularization: float) -> tuple[Array, Array, Array, Array, float]:
    """The system in scaled coordinates; the scaled points, their centre and scale; the polynomial's factor.

    Beside a large regularisation the polynomial's columns are too small to be solved for: they are multiplied
    by a factor of its size.
    """
    k, ndim = control_points.shape
    xp = namespace(plain(control_points))
    centre = mean(control_points, axis=0)
    offset = control_points - centre
    scale = sqrt(amax(sum_over(offset * offset, axis=1)))
    if not plain(scale) > 0:
        check_condition(to_numpy(plain(control_points)), np.inf)
    points = offset / scale
    kernel = radial_basis(squared_distances(reshape(points, (1, k, ndim)), points)[0], ndim)
    if regularization:
        kernel = kernel + xp.eye(k) * (regularization / (scale * scale if ndim == 2 else scale))
    balance = max(1.0, regularization / float(plain(scale)) ** (2 if ndim == 2 else 1))
    polynomial = balance * concatenate(xp.ones((k, 1)), points, axis=1)
    top = concatenate(kernel, polynomial, axis=1)
    bottom = concatenate(transpose(polynomial), xp.zeros((1 + ndim, 1 + ndim)), axis=1)
    return concatenate(top, bottom, axis=0), points, centre, scale, balance


def check_condition(control_points: np.ndarray, condition_number: float) -> None:
    """Raise a ValueError that says how the control points are degenerate."""
    if condition_number <= LARGEST_CONDITION_NUMBER:  # False for NaN too
        return
    k, ndim = control_points.shape
    if not np.isfinite(control_points).all():
        reason = f"point {int(np.argmin(np.isfinite(control_points).all(axis=1)))} is not finite"
    else:
        pairs = [
            (i, j)
            for i in range(k)
            for j in range(i + 1, k)
            if np.array_equal(control_points[i], control_points[j])
        ]
        flat = "line" if ndim == 2 else "plane"
        reason = (
            f"points {pairs[0][0]} and {pairs[0][1]} coincide"
            if pairs
            else f"the points nearly lie on a {flat}"
        )
    raise wrong_value(
        "control_points", "points in general position", f"{reason} (condition number {condition_number:.3g})"
    )


@tps_operator.spec
def _operator_spec(control_points, regularization):
    check_control_points(control_points, regularization)
    k, ndim = control_points.shape
    return ArraySpec((k + 1 + ndim, k), np.dtype(np.float64))


def check_control_points(control_points: ArraySpec, regularization: float) -> None:
    """Check what can be checked without values."""
    if control_points.ndim != 2 or control_points.shape[1] not in (2, 3):
        raise wrong_value("control_points", "shape (k, 2) or (k, 3)", f"shape {control_points.shape}")
    if not control_points.differentiable:
        raise TypeError(f"control_points: expected a floating dtype, given {control_points.dtype}")
    k, ndim = control_points.shape
    if k < ndim + 1:
        raise wrong_value("control_points", f"at least {ndim + 1} points in {ndim}D", k)
    if not isinstance(regularization, (int, float)):
        raise wrong_type("regularization", "a number", regularization)
    if not regularization >= 0:
        raise wrong_value("regularization", "a number of at least 0", regularization)


@tps_operator.samples
def _operator_samples(rng):
    yield Sample((lattice(rng, 2),), {"regularization": 0.0})
    yield Sample((lattice(rng, 3),), {"regularization": 0.1})


def lattice(rng: np.random.Generator, ndim: int) -> np.ndarray:
    """Control points near a regular lattice, for samples."""
    axes = np.meshgrid(*[np.linspace(-1, 1, 3 if ndim == 2 else 2)] * ndim, indexing="ij")
    regular = np.stack(axes, axis=-1).reshape(-1, ndim)
    return regular + rng.uniform(-0.15, 0.15, regular.shape)


@dataclass(frozen=True, eq=False)
class TPSSystem:
    """A factorised thin-plate spline system: what is fixed while the control points are.

    Attributes
    ----------
    control_points : array, shape (k, ndim)
        Where the values are given.
    regularization : float
        The lambda of the system.
    operator : array of float64, shape (k + 1 + ndim, k)
        Takes values at the control points to coefficients.
    condition_number : float
        Of the scaled system, in the 1-norm: how many digits of the values are lost at worst.
    """

    control_points: Array
    regularization: float
    operator: Array
    condition_number: float

    def basis(self, points: Array) -> Array:
        r"""The matrix `M` (n, m, k) with :math:`f(p) = p + M (\theta - c)` for points (n, m, ndim).

        A grid of fixed points is warped by every theta with this one matrix product, and so is its VJP.
        """
        return matmul(spline_features(points, self.control_points), self.operator)


def tps_system(control_points: Array, regularization: float = 0.0) -> TPSSystem:
    """Factorise the system of a thin-plate spline, to be used again and again.

    Parameters
    ----------
    control_points, regularization
        As of :func:`tps_operator`.

    Returns
    -------
    TPSSystem
        The factorisation as a value.

    Raises
    ------
    ValueError
        If the control points are degenerate, naming them and the condition number, or `regularization` is
        negative.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> corners = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    >>> wk.tps_system(corners).operator.shape
    (7, 4)
    """
    operator = tps_operator(control_points, regularization)
    system = _build(control_points.astype("float64"), regularization)[0]
    return TPSSystem(
        control_points, regularization, operator, float(np.linalg.cond(to_numpy(plain(system)), 1))
    )
