"""The inverse of a transform that has none in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array, Tracer, is_array, namespace, plain, wrong_value
from warpkit.autograd import jvp
from warpkit.grids import identity_grid
from warpkit.ops import solve, stack

from ._fields import library
from ._transform import AbstractTransform

HALVINGS = 8
"""How often a step that does not come closer is halved before it is given up."""


@dataclass(frozen=True, eq=False)
class Inversion:
    """The points that a transform maps to given ones, and whether they can be relied upon.

    Attributes
    ----------
    points : array, shape (n, m, ndim)
        Where the search ended.
    converged : array of bool, shape (n, m)
        Whether the point is mapped to the given one, up to the tolerance.
    determinant : array, shape (n, m)
        Of the Jacobian of the transform there: how much it stretches volume. Zero at a fold.
    iterations : int
        How many Newton steps were made.
    """

    points: Array
    converged: Array
    determinant: Array
    iterations: int

    @property
    def folds(self) -> Array:
        """Whether the map is known to fold, (n,): its orientation differs between the points, or is lost.

        True is a proof that there is no inverse; False says nothing about places other than these points.
        """
        positive, negative = (self.determinant > 0).any(axis=1), (self.determinant < 0).any(axis=1)
        return (positive & negative) | (self.determinant == 0).any(axis=1)


@final
@dataclass(frozen=True, eq=False)
class NumericalInverse(AbstractTransform):
    r"""The inverse of a transform, found by iteration for each point.

    **Convention.** The map leads from the input coordinates of `transform` to its output coordinates.

    Parameters
    ----------
    transform : AbstractTransform
        The transform :math:`T` to be inverted, such as a :class:`ThinPlateSpline` or a :class:`Displacement`.
    max_iterations : int
        The largest number of Newton steps.
    tolerance : float
        A point has converged if :math:`|T(q) - p| \le` tolerance :math:`(1 + |p|)`.

    Raises
    ------
    ValueError
        If `max_iterations` or `tolerance` is not positive.

    Notes
    -----
    Newton's method from :math:`q = p`, a step halved until it comes closer; in float64. Called as a
    transform, a point that did not converge is mapped to NaN; :meth:`solve` tells more. Where the transform
    folds, one of several inverses is found.

    By the implicit function theorem :math:`\bar p = J^{-T} \bar q` and :math:`\bar\theta = -(\partial T /
    \partial \theta)^T J^{-T} \bar q`. Derivatives up to the third order are right: two Newton steps from the
    solution are put on the tape.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> field = np.full((1, 4, 4, 2), 0.25)
    >>> back = wk.Displacement(field).inverse()
    >>> back(np.array([[0.5, 0.0]]))
    array([[[ 0.25, -0.25]]])
    >>> back.solve(np.array([[0.5, 0.0]])).converged
    array([[ True]])
    """

    closed_under_composition: ClassVar[bool] = False
    closed_form_inverse: ClassVar[bool] = False
    estimable: ClassVar[bool] = False

    transform: AbstractTransform
    _: KW_ONLY
    max_iterations: int = 50
    tolerance: float = 1e-10

    def __post_init__(self) -> None:
        if not self.max_iterations > 0:
            raise wrong_value("max_iterations", "a positive number", self.max_iterations)
        if not self.tolerance > 0:
            raise wrong_value("tolerance", "a positive number", self.tolerance)

    # Attributes.
    @property
    def frame(self) -> str:  # type: ignore[override]
        """What the coordinates mean: that of the transform."""
        return self.transform.frame

    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return self.transform.ndim

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return self.transform.n

    # Mapping.
    def solve(self, points: Array) -> Inversion:
        """Search for the points that the transform maps to `points`.

        Parameters
        ----------
        points : array, shape (n, m, ndim) or (m, ndim)
            Input coordinates of the transform.

        Returns
        -------
        Inversion
            Plain arrays in float64: nothing is recorded for differentiation.
        """
        transform = in_float64(self.transform)
        target = plain(points).astype(np.float64)
        target = target if target.ndim == 3 else target[None]
        xp = namespace(target)
        n = transform(target).shape[0]
        target = xp.broadcast_to(target, (n, *target.shape[1:]))
        limit = self.tolerance * (1 + _norm(target))
        q, residual = target, target - transform(target)
        iterations = 0
        while iterations < self.max_iterations and not (_norm(residual) <= limit).all():
            step = _newton_step(jacobian(transform, q), residual)
            q, residual, moved = _damped(transform, target, q, residual, step)
            iterations += 1
            if not moved:
                break
        return Inversion(q, _norm(residual) <= limit, _determinant(jacobian(transform, q)), iterations)

    def _map(self, points: Array) -> Array:
        found = self.solve(points)
        xp = namespace(found.points)
        q = xp.where(found.converged[..., None], found.points, xp.nan)
        if isinstance(points, Tracer) or any(isinstance(x, Tracer) for x in arrays_of(self.transform)):
            for _ in range(2):
                step = solve(jacobian(self.transform, q), _column(points - self.transform(q)))
                q = q + step.reshape(q.shape)
        dtype = np.result_type(points.dtype, *[x.dtype for x in arrays_of(self.transform)])
        return q.astype(dtype)

    def grid(self, shape: tuple[int, ...]) -> Array:
        """Map the pixel centres of an output of spatial shape `shape`: a grid (n, *shape, ndim)."""
        xp = library(*arrays_of(self.transform))
        points = xp.asarray(identity_grid(shape, self.frame).reshape(1, -1, self.ndim))
        out = self._map(points)
        return out.reshape(out.shape[0], *shape, self.ndim)

    # Operations.
    def inverse(self) -> AbstractTransform:
        """Return the transform itself."""
        return self.transform

    def _in_frame(
        self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
    ) -> NumericalInverse:
        there = self.transform.to_frame(frame, out_shape, in_shape)
        return NumericalInverse(there, max_iterations=self.max_iterations, tolerance=self.tolerance)


def arrays_of(transform: Any) -> Iterator[Array]:
    """All arrays in the fields of a transform, and of those that it is made of."""
    for field in fields(transform):
        value = getattr(transform, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, AbstractTransform):
                yield from arrays_of(item)
            elif item is not None and not isinstance(item, (str, float, int)):
                yield item


def in_float64(transform: Any) -> Any:
    """The same transform of plain arrays in float64."""

    def strip(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(strip(item) for item in value)
        if isinstance(value, AbstractTransform):
            return in_float64(value)
        value = plain(value)
        return value.astype(np.float64) if is_array(value) else value

    return type(transform)(
        **{field.name: strip(getattr(transform, field.name)) for field in fields(transform)}
    )


def jacobian(transform: AbstractTransform, points: Array) -> Array:
    """The matrices (n, m, ndim, ndim) of derivatives of each mapped coordinate by each coordinate."""
    xp, ndim = library(points), points.shape[-1]
    columns = []
    for axis in range(ndim):
        direction = xp.broadcast_to(xp.eye(ndim, dtype=points.dtype)[axis], points.shape)
        columns.append(jvp(transform, (points,), (direction,))[1])
    return stack(columns, axis=-1)


def _column(vectors: Array) -> Array:
    return vectors.reshape(*vectors.shape, 1)


def _norm(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt((vectors**2).sum(axis=-1))


def _determinant(matrices: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # NaN for NaN, without a word
        return namespace(matrices).linalg.det(matrices)


def _newton_step(matrices: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Newton's steps; where the Jacobian is singular, the residual itself."""
    xp = namespace(residual)
    determinant = _determinant(matrices)
    usable = xp.isfinite(determinant) & (
        xp.abs(determinant) > 1e-12 * xp.abs(matrices).max((-2, -1)) ** matrices.shape[-1]
    )
    safe = xp.where(usable[..., None, None], matrices, xp.eye(matrices.shape[-1]))
    return xp.linalg.solve(safe, _column(residual))[..., 0]


def _damped(
    transform: AbstractTransform, target: np.ndarray, q: np.ndarray, residual: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Each point with its step, halved until it comes closer; whether any did."""
    xp = namespace(q)
    moved = xp.zeros(q.shape[:-1], dtype=bool)
    for halving in range(HALVINGS):
        trial = q + step / 2**halving
        left = target - transform(trial)
        better = ~moved & (_norm(left) < _norm(residual))
        q, residual = (xp.where(better[..., None], new, old) for new, old in ((trial, q), (left, residual)))
        moved = moved | better
        if moved.all():
            break
    return q, residual, bool(moved.any())
