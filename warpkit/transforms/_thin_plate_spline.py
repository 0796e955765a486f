"""Thin-plate splines."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array, ArraySpec, as_array, plain, wrong_value
from warpkit.grids import identity_grid
from warpkit.ops import concatenate, matmul, transpose

from ._affine import Affine, affine_product, affine_spec
from ._affine_grid import affine_grid, affine_points
from ._estimates import FailedEstimate, PointPairs
from ._fields import check_random_generator, common_batch, floating_spec, library
from ._frame_change import frame_change
from ._numerical_inverse import NumericalInverse
from ._tps_grid import check_values, tps_coefficients, tps_displacement, tps_grid, tps_points
from ._tps_system import TPSSystem, check_control_points, tps_system
from ._transform import (
    AbstractAffine,
    AbstractTransform,
    affine_in_frame,
    check_dimensions,
    check_image_frame,
)


@final
@dataclass(frozen=True, eq=False)
class ThinPlateSpline(AbstractTransform):
    r"""Thin-plate splines, :math:`T(p) = L(p) + M u(B(p))` with the displacement `u` of a spline.

    **Convention.** Points are (x, y[, z]); the map leads from output to input coordinates. `theta` says where
    each control point of the output lies in the input: the identity's theta is the control points.

    Parameters
    ----------
    theta : array, shape (n, k, ndim)
        Places in the input.
    control_points : array, shape (k, ndim)
        Places in the output, ndim = 2 or 3: at least ndim + 1 points, not on a line (a plane).
    regularization : float
        Lambda, in the units of the radial basis function: 0 interpolates, more is smoother.
    before, after, base : array, optional
        B (n, ndim, ndim + 1), M (n, ndim, ndim) and L (n, ndim, ndim + 1): affine maps around the spline. A
        spline bends by distances in the frame that it was solved in; :meth:`to_frame` and ``@`` with an
        affine map keep that spline, and fill these in. All three are given, or none: identities.
    frame : {"normalized", "corners", "pixel"}
        What the coordinates mean; see :mod:`warpkit.grids`.

    Raises
    ------
    ValueError
        If shapes do not fit together, the frame is unknown, or `regularization` is negative. That the control
        points are degenerate is found when the spline is used.
    TypeError
        If a field is no floating array.

    Notes
    -----
    Value, derivative and references as of :func:`warpkit.tps_grid`. The system is solved anew each time;
    for fixed control points hold on to :attr:`system`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> corners = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    >>> theta = corners.copy()
    >>> theta[4] = 0.1, 0.2
    >>> spline = wk.ThinPlateSpline(theta[None], corners)
    >>> spline(np.array([[0.0, 0.0]])).round(12)
    array([[[0.1, 0.2]]])
    """

    closed_under_composition: ClassVar[bool] = False
    closed_form_inverse: ClassVar[bool] = False
    estimable: ClassVar[bool] = True

    theta: Array
    control_points: Array
    regularization: float = 0.0
    before: Array | None = None
    after: Array | None = None
    base: Array | None = None
    _: KW_ONLY
    frame: str = "normalized"

    def __post_init__(self) -> None:
        points = floating_spec("control_points", self.control_points)
        check_control_points(points, self.regularization)
        check_values(floating_spec("theta", self.theta), points)
        check_image_frame(self.frame)
        given = [x is not None for x in (self.before, self.after, self.base)]
        if any(given) != all(given):
            raise wrong_value("before, after, base", "all three or none", f"{sum(given)} of them")
        if all(given):
            affine_spec("before", self.before, self.ndim)
            affine_spec("base", self.base, self.ndim)
            spec = floating_spec("after", self.after)
            if spec != ArraySpec((*spec.shape[:1], self.ndim, self.ndim), spec.dtype):
                raise wrong_value("after", f"shape (n, {self.ndim}, {self.ndim})", f"shape {spec.shape}")
        _ = self.n

    # Construction.
    @classmethod
    def identity(
        cls, control_points: Array, *, frame: str = "normalized", n: int = 1, dtype: Any = None
    ) -> ThinPlateSpline:
        """Return `n` splines that leave the control points (k, ndim), and so every point, where they are.

        The dtype is that of the control points by default. Where they are not representable in another one,
        theta is the identity up to its rounding only.
        """
        points = control_points if dtype is None else control_points.astype(dtype)
        theta = library(points).tile(plain(points)[None], (n, 1, 1))
        return cls(theta, points, frame=frame)

    @classmethod
    def random(
        cls, rng: np.random.Generator, ndim: int, *, n: int = 1, frame: str = "normalized"
    ) -> ThinPlateSpline:
        """Draw `n` splines: a lattice of 3 points from -1 to 1 along each axis, displaced by up to 0.15."""
        check_random_generator(rng)
        check_dimensions(ndim, least=2)
        points = identity_grid((3,) * ndim, "corners").reshape(-1, ndim)
        return cls(points + rng.uniform(-0.15, 0.15, (n, *points.shape)), points, frame=frame)

    @classmethod
    def from_points(
        cls,
        src: Array,
        dst: Array,
        weights: None = None,
        *,
        regularization: float = 0.0,
        frame: str = "normalized",
    ) -> ThinPlateSpline | FailedEstimate:
        """Make the spline that takes `src` to `dst`; with regularisation, a smoother one close to it.

        Parameters
        ----------
        src : array, shape (k, ndim)
            The control points: places in the output (the fixed image).
        dst : array, shape (n, k, ndim) or (k, ndim)
            Where they are to lie: places in the input (the moving image, which is warped).
        weights : None
            A spline has no weights; the argument is there because other classes have it.
        regularization : float
            0 interpolates, more is smoother.
        frame : {"normalized", "corners", "pixel"}
            What the coordinates of both mean. Landmarks in pixels need ``frame="pixel"``: in the default, an
            image reaches from -1 to 1.

        Returns
        -------
        ThinPlateSpline or FailedEstimate
            The failure is falsy and says why.
        """
        if weights is not None:
            raise wrong_value("weights", "None: a spline weighs all points alike", "weights")
        src = as_array(plain(src), "src")
        if src.ndim != 2:
            raise wrong_value("src", "shape (k, ndim), control points for all", f"shape {tuple(src.shape)}")
        pairs = PointPairs.of(src, dst, None, least=1, per_dimension=1)
        if isinstance(pairs, FailedEstimate):
            return pairs
        points = pairs.back(pairs.src[0]) if len(pairs.src) else src
        try:
            tps_system(points, regularization)
        except ValueError as error:
            return FailedEstimate(f"batch element 0: {error}")
        return cls(pairs.back(pairs.dst), points, regularization, frame=frame)

    # Attributes.
    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return int(self.control_points.shape[1])

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        names = ("theta", "before", "after", "base")
        given = {name: getattr(self, name) for name in names}
        return common_batch(**{name: int(x.shape[0]) for name, x in given.items() if x is not None})

    @property
    def system(self) -> TPSSystem:
        """The factorised system of the control points, to hold on to; computed at each access."""
        return tps_system(self.control_points, self.regularization)

    @property
    def condition_number(self) -> float:
        """Of the system in scaled coordinates, in the 1-norm: how many digits are lost at worst."""
        return self.system.condition_number

    @property
    def weights(self) -> Array:
        """The weights (n, k, ndim) of the radial basis functions, of the spline as it was solved."""
        return self._coefficients()[:, : self.control_points.shape[0]]

    @property
    def affine(self) -> Array:
        """The affine part [A b] (n, ndim, ndim + 1) of the spline as it was solved, identity included."""
        part = self._coefficients()[:, self.control_points.shape[0] :]  # constant, x, y[, z]
        moved = transpose(concatenate(part[:, 1:], part[:, :1], axis=1), (0, 2, 1))
        return moved + library(moved).eye(self.ndim, self.ndim + 1)

    def _coefficients(self) -> Array:
        return tps_coefficients(self.theta, self.control_points, self.regularization)

    # Mapping.
    def _map(self, points: Array) -> Array:
        if self.base is None:
            return tps_points(self.theta, self.control_points, points, self.regularization)
        wide = points.astype("float64")
        out = affine_points(self.base, wide) + self._bent(affine_points(self.before, wide))
        return out.astype(np.result_type(self.theta.dtype, points.dtype))

    def _bent(self, points: Array) -> Array:
        """M u of points (n, m, ndim) in the coordinates that the spline was solved in."""
        moved = tps_displacement(self._coefficients(), self.control_points, points)
        return matmul(moved, transpose(self.after, (0, 2, 1)))

    def grid(self, shape: tuple[int, ...]) -> Array:
        """Map the pixel centres of an output of spatial shape `shape`: a grid (n, *shape, ndim)."""
        if self.base is None:
            return tps_grid(self.theta, self.control_points, shape, self.regularization, frame=self.frame)
        before, base = (
            affine_grid(theta.astype("float64"), shape, frame=self.frame)
            for theta in (self._maps()[0], self._maps()[2])
        )
        bent = self._bent(before.reshape(before.shape[0], math.prod(shape), self.ndim))
        return (base + bent.reshape(bent.shape[0], *shape, self.ndim)).astype(self.theta.dtype)

    # Operations.
    def inverse(self) -> NumericalInverse:
        """Return the map back, found by iteration at each point; see :class:`NumericalInverse`."""
        return NumericalInverse(self)

    def around(self, outer: AbstractAffine | None, inner: AbstractAffine | None) -> ThinPlateSpline:
        """Return the map of the affine `inner`, then of this spline, then of the affine `outer`."""
        before, after, base = self._maps()
        if inner is not None:
            theta = inner.to_affine().theta
            before, base = affine_product(before, theta), affine_product(base, theta)
        if outer is not None:
            theta = outer.to_affine().theta
            after, base = matmul(theta[:, :, :-1], after), affine_product(theta, base)
        return replace(self, before=before, after=after, base=base)

    def _maps(self) -> tuple[Array, Array, Array]:
        if self.base is not None:
            return self.before, self.after, self.base
        xp, ndim = library(self.theta), self.ndim
        unit = xp.eye(ndim, ndim + 1)[None]
        return unit, unit[:, :, :-1], unit

    def _in_frame(self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> ThinPlateSpline:
        before, after, base = self._maps()
        xp = library(self.theta)
        ahead, shift = frame_change_back(out_shape, self.frame, frame)
        back = xp.asarray(np.concatenate([np.diag(ahead), np.reshape(shift, (-1, 1))], axis=1)[None])
        factors = xp.asarray(frame_change(in_shape, self.frame, frame)[0])
        straight = Affine(base.astype("float64"), frame=self.frame)
        carried = affine_in_frame(straight, frame, in_shape, out_shape)
        before, after = affine_product(before, back), factors[:, None] * after
        return replace(self, before=before, after=after, base=carried.theta, frame=frame)


def frame_change_back(
    shape: tuple[int, ...], source: str, target: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The factors and offsets from `target` to `source`; an axis of one pixel in "corners" is at 0."""
    factors, offsets = frame_change(shape, source, target)
    ahead = tuple(1 / d if d else 0.0 for d in factors)
    return ahead, tuple(-e * a for e, a in zip(offsets, ahead, strict=True))
