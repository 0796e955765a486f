"""Free-form deformations: displacements that are B-splines on a lattice."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array, check_shape, wrong_value
from warpkit.grids import identity_grid
from warpkit.ops import concatenate, moveaxis, reshape, stack
from warpkit.sampling import grid_sample

from ._affine import Affine
from ._fields import check_random_generator, floating_spec, library
from ._frame_change import frame_change
from ._numerical_inverse import NumericalInverse
from ._transform import AbstractTransform, check_dimensions, check_image_frame


@final
@dataclass(frozen=True, eq=False)
class FreeFormDeformation(AbstractTransform):
    r"""Free-form deformations, :math:`T(p) = p + \sum_k c_k\, \beta((p - o) / h - k)` with cubic B-splines.

    **Convention.** Points, coefficients, `spacing` and `origin` are (x, y[, z]), all in `frame`; the axes of
    the lattice are ordered like an image's, x last. The map leads from output to input coordinates.

    Parameters
    ----------
    coefficients : array, shape (n, *lattice, ndim)
        :math:`c_k`, displacements in the units of `frame`. Each moves its surroundings, up to two control
        points away. Beyond the lattice the outermost ones go on.
    spacing : tuple of float
        :math:`h`, how far control points are from each other along x, y[, z].
    origin : tuple of float
        :math:`o`, where the first control point is.
    frame : {"normalized", "corners", "pixel"}
        What the coordinates mean; see :mod:`warpkit.grids`.

    Raises
    ------
    ValueError
        If the last axis does not match the number of spatial axes, `spacing` or `origin` have another number
        of elements, a distance is not positive, or the frame is unknown.
    TypeError
        If `coefficients` is no floating array.

    Notes
    -----
    :math:`\beta` is the product of a cubic B-spline along each axis, so the displacement has continuous
    second derivatives. It is linear in the coefficients:
    :math:`\bar c_k = \sum_p \bar q(p)\, \beta((p - o) / h - k)`. The map does not fold if no element of a
    coefficient is larger than 0.4 times the spacing (Choi and Lee, in 3D; in 2D, 0.48 times).

    References
    ----------
    D. Rueckert, L. I. Sonoda, C. Hayes, D. L. G. Hill, M. O. Leach, D. J. Hawkes, "Nonrigid registration
    using free-form deformations: application to breast MR images", IEEE Transactions on Medical Imaging 18
    (8), 1999.

    Y. Choi, S. Lee, "Injectivity conditions of 2D and 3D uniform cubic B-spline functions", Graphical Models
    62 (6), 2000.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> still = wk.FreeFormDeformation.identity((9, 9), 4.0, frame="pixel")
    >>> still.coefficients.shape, still.origin
    ((1, 5, 5, 2), (-4.0, -4.0))
    >>> coefficients = still.coefficients.copy()
    >>> coefficients[0, 2, 2] = 1.0, 0.0
    >>> bump = wk.FreeFormDeformation(coefficients, still.spacing, still.origin, frame="pixel")
    >>> bump(np.array([[4.0, 4.0]]))
    array([[[4.44444444, 4.        ]]])
    """

    closed_under_composition: ClassVar[bool] = False
    closed_form_inverse: ClassVar[bool] = False
    estimable: ClassVar[bool] = False

    coefficients: Array
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    _: KW_ONLY
    frame: str = "normalized"

    def __post_init__(self) -> None:
        spec = floating_spec("coefficients", self.coefficients)
        if not 3 <= spec.ndim <= 5 or spec.shape[-1] != spec.ndim - 2:
            expected = "shape (n, *lattice, ndim) with ndim lengths in lattice"
            raise wrong_value("coefficients", expected, f"shape {spec.shape}")
        if 0 in spec.shape[1:-1]:
            expected = "at least one control point along every axis"
            raise wrong_value("coefficients", expected, f"shape {spec.shape}")
        for name in ("spacing", "origin"):
            given = getattr(self, name)
            if not isinstance(given, tuple) or len(given) != self.ndim or not np.isfinite(given).all():
                raise wrong_value(name, f"a tuple of {self.ndim} numbers (x, y[, z])", repr(given))
        if not min(self.spacing) > 0:
            raise wrong_value("spacing", "distances above 0", repr(self.spacing))
        check_image_frame(self.frame)

    # Construction.
    @classmethod
    def identity(
        cls,
        shape: tuple[int, ...],
        spacing: float,
        *,
        frame: str = "normalized",
        n: int = 1,
        dtype: Any = np.float64,
    ) -> FreeFormDeformation:
        """Return `n` deformations by nothing, on a lattice that covers outputs of spatial shape `shape`.

        Its control points are `spacing` apart along every axis. The first ones are that far before the first
        pixel's centre, the last ones at least as far beyond the last pixel's.
        """
        shape = check_shape(shape)
        if not 0 < spacing < np.inf:
            raise wrong_value("spacing", "a distance above 0", repr(spacing))
        centres = identity_grid(shape, frame).reshape(-1, len(shape))
        first, last = centres[0], centres[-1]
        # Rounded: 0.3 / 0.1 is a little less than 3, and 0.6 / 0.2 a little more.
        cells = np.maximum(np.ceil(((last - first) / spacing).round(9)).astype(int), 1)
        lattice = tuple((cells + 3).tolist())[::-1]
        origin = tuple((first - spacing).tolist())
        return cls(
            np.zeros((n, *lattice, len(shape)), dtype), (float(spacing),) * len(shape), origin, frame=frame
        )

    @classmethod
    def random(
        cls, rng: np.random.Generator, ndim: int, *, n: int = 1, frame: str = "normalized"
    ) -> FreeFormDeformation:
        """Draw `n` deformations that do not fold, with 5 control points from -1 to 1 along each axis."""
        check_random_generator(rng)
        check_dimensions(ndim)
        shape = (6,) * ndim
        coefficients = rng.uniform(-0.1, 0.1, (n, *(7,) * ndim, ndim))
        return cls(coefficients, (0.5,) * ndim, (-1.5,) * ndim)._within(frame, shape)

    # Attributes.
    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return int(self.coefficients.shape[-1])

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return int(self.coefficients.shape[0])

    # Mapping.
    def _map(self, points: Array) -> Array:
        columns = (*points.shape[:2], *(1,) * (self.ndim - 1), self.ndim)
        moved = self._displacement(reshape(points.astype("float64"), columns))
        out = points.astype("float64") + reshape(moved, (moved.shape[0], points.shape[1], self.ndim))
        return out.astype(np.result_type(self.coefficients.dtype, points.dtype))

    def _displacement(self, grid: Array) -> Array:
        """The displacements (n, *, ndim) at the points of a grid (n, *, ndim)."""
        xp = library(self.coefficients)
        places = (grid - xp.asarray(self.origin)) / xp.asarray(self.spacing)
        image = moveaxis(self.coefficients, -1, 1)
        moved = grid_sample(image, places, kernel="bspline3", boundary="border", frame="pixel")
        return moveaxis(moved, 1, -1)

    def grid(self, shape: tuple[int, ...]) -> Array:
        """Map the pixel centres of an output of spatial shape `shape`: a grid (n, *shape, ndim)."""
        still = library(self.coefficients).asarray(identity_grid(shape, self.frame))
        return (still + self._displacement(still)).astype(self.coefficients.dtype)

    # Operations.
    def refined(self) -> FreeFormDeformation:
        r"""Return the same map on a lattice of half the spacing.

        Along each axis :math:`c'_{2k} = (c_{k-1} + 6 c_k + c_{k+1}) / 8` and :math:`c'_{2k+1} = (c_k +
        c_{k+1}) / 2`: a cubic B-spline is a sum of five of half the width. The lattice reaches a little
        farther on each side, so that the map is the same beyond it, too.
        """
        out = self.coefficients
        for axis in range(1, self.ndim + 1):
            out = _refined_along(out, axis)
        spacing = tuple(h / 2 for h in self.spacing)
        origin = tuple(o - h for o, h in zip(self.origin, spacing, strict=True))
        return FreeFormDeformation(out, spacing, origin, frame=self.frame)

    def inverse(self) -> NumericalInverse:
        """Return the map back, found by iteration at each point; see :class:`NumericalInverse`."""
        return NumericalInverse(self)

    def _within(self, frame: str, shape: tuple[int, ...]) -> FreeFormDeformation:
        """The same map within one image, whose frame is another."""
        factors, offsets = frame_change(shape, self.frame, frame)
        coefficients = self.coefficients.astype("float64") * library(self.coefficients).asarray(factors)
        spacing = tuple(float(h * d) for h, d in zip(self.spacing, factors, strict=True))
        origin = tuple(float(o * d + e) for o, d, e in zip(self.origin, factors, offsets, strict=True))
        return FreeFormDeformation(coefficients.astype(self.coefficients.dtype), spacing, origin, frame=frame)

    def _in_frame(
        self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
    ) -> AbstractTransform:
        moved = self._within(frame, out_shape)
        if in_shape == out_shape:
            return moved
        # Where coordinates that stay the same in the old frame go to in the new one.
        still = Affine.identity(self.ndim, frame=self.frame, dtype=self.coefficients.dtype)
        return still.to_frame(frame, in_shape, out_shape) @ moved


def _refined_along(coefficients: Array, axis: int) -> Array:
    """From k to 2 k + 1 coefficients along an axis; beyond both ends they go on as they end."""
    c = moveaxis(coefficients, axis, 0)
    longer = concatenate(c[:1], c, c[-1:], axis=0)
    between = (longer[:-1] + longer[1:]) / 2
    at = (longer[:-2] + 6 * c + longer[2:]) / 8
    pairs = stack([between[:-1], at], axis=1)
    refined = concatenate(reshape(pairs, (2 * c.shape[0], *c.shape[1:])), between[-1:], axis=0)
    return moveaxis(refined, 0, axis)
