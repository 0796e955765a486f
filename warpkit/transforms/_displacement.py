"""A displacement of every output pixel."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array, check_shape, wrong_value
from warpkit.grids import identity_grid
from warpkit.ops import moveaxis
from warpkit.sampling import grid_sample

from ._displacement_grid import displacement_grid
from ._fields import check_random_generator, floating_spec, library
from ._frame_change import frame_change
from ._numerical_inverse import NumericalInverse
from ._to_pixels import identity_to_pixels
from ._transform import AbstractTransform, check_dimensions, check_image_frame


@final
@dataclass(frozen=True, eq=False)
class Displacement(AbstractTransform):
    r"""Displacement fields (dense deformations, optical flow), :math:`T(p) = p + u(p)`.

    **Convention.** Points and displacements are (x, y[, z]), both in `frame`. A displacement points from the
    output pixel to the place in the input that its value comes from.

    Parameters
    ----------
    field : array, shape (n, *shape, ndim)
        :math:`u` at the pixel centres of an output of spatial shape `shape`, in the units of `frame`. Between
        them it is interpolated linearly, and outside it stays what it is at the border. :meth:`to_frame` with
        another `out_space` resamples it.
    frame : {"normalized", "corners", "pixel"}
        What the coordinates mean; see :mod:`warpkit.grids`.

    Raises
    ------
    ValueError
        If the last axis does not match the number of spatial axes, or the frame is unknown.
    TypeError
        If `field` is no floating array.

    Notes
    -----
    :math:`\bar u = \bar q` at pixel centres; elsewhere :math:`\bar q` is spread over the neighbouring pixel
    centres by :func:`warpkit.grid_push`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> field = np.zeros((1, 1, 3, 2))
    >>> field[0, 0, 1] = 1.0, 0.0
    >>> warp = wk.Displacement(field, frame="pixel")
    >>> wk.warp(np.array([[1.0, 2.0, 3.0]]), warp)
    array([[1., 3., 3.]])
    >>> warp(np.array([[0.5, 0.0]]))
    array([[[1., 0.]]])
    """

    closed_under_composition: ClassVar[bool] = False
    closed_form_inverse: ClassVar[bool] = False
    estimable: ClassVar[bool] = False

    field: Array
    _: KW_ONLY
    frame: str = "normalized"

    def __post_init__(self) -> None:
        spec = floating_spec("field", self.field)
        if not 3 <= spec.ndim <= 5 or spec.shape[-1] != spec.ndim - 2:
            expected = "shape (n, *shape, ndim) with ndim lengths in shape"
            raise wrong_value("field", expected, f"shape {spec.shape}")
        if 0 in spec.shape[1:-1]:
            raise wrong_value("field", "at least one pixel along every axis", f"shape {spec.shape}")
        check_image_frame(self.frame)

    # Construction.
    @classmethod
    def identity(
        cls, shape: tuple[int, ...], *, frame: str = "normalized", n: int = 1, dtype: Any = np.float64
    ) -> Displacement:
        """Return `n` fields of zeros for outputs of spatial shape `shape`."""
        shape = check_shape(shape)
        return cls(np.zeros((n, *shape, len(shape)), dtype), frame=frame)

    @classmethod
    def random(
        cls,
        rng: np.random.Generator,
        ndim: int,
        *,
        n: int = 1,
        frame: str = "normalized",
        shape: tuple[int, ...] | None = None,
    ) -> Displacement:
        """Draw `n` smooth fields of spatial shape `shape`, 6 along each axis by default, that do not fold.

        Each coordinate of the displacement is a sine wave of less than half a period along each axis, and at
        most 0.1 times half the extent of the frame.
        """
        check_random_generator(rng)
        check_dimensions(ndim)
        shape = (6,) * ndim if shape is None else check_shape(shape, ndim=ndim)
        scales, _ = frame_change(shape, "normalized", frame)
        places = identity_grid(shape)[0]
        waves = rng.uniform(-1.5, 1.5, (n, ndim, ndim))
        phase = np.einsum("...i,nij->n...j", places, waves) + rng.uniform(0, 6, (n, *(1,) * ndim, ndim))
        return cls(0.1 * np.sin(phase) * np.asarray(scales), frame=frame)

    # Attributes.
    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return int(self.field.shape[-1])

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return int(self.field.shape[0])

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial shape of the output that the field was made for."""
        return tuple(self.field.shape[1:-1])

    # Mapping.
    def _map(self, points: Array) -> Array:
        moved = moveaxis(
            self._interpolate(points.reshape(*points.shape[:2], *(1,) * (self.ndim - 1), self.ndim)), 1, -1
        )
        return points + moved.reshape(moved.shape[0], points.shape[1], self.ndim)

    def _interpolate(self, grid: Array) -> Array:
        """Displacements as an image: (n, ndim, *) at the points of a grid (n, *, ndim)."""
        return grid_sample(moveaxis(self.field, -1, 1), grid, boundary="border", frame=self.frame)

    def grid(self, shape: tuple[int, ...]) -> Array:
        """Map the pixel centres of an output of spatial shape `shape`: a grid (n, *shape, ndim)."""
        return displacement_grid(self.resampled(shape).field, frame=self.frame)

    # Operations.
    def resampled(self, shape: tuple[int, ...]) -> Displacement:
        """Return the field at the pixel centres of an output of another spatial shape, interpolated."""
        shape = check_shape(shape, ndim=self.ndim)
        if shape == self.shape:
            return self
        grid = library(self.field).asarray(identity_grid(shape, self.frame))
        return Displacement(moveaxis(self._interpolate(grid), 1, -1), frame=self.frame)

    def inverse(self) -> NumericalInverse:
        """Return the map back, found by iteration at each point; see :class:`NumericalInverse`."""
        return NumericalInverse(self)

    def _in_frame(self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> Displacement:
        field = self.resampled(out_shape).field  # a field belongs to the pixel centres of its output
        xp = library(field)
        factors = xp.asarray(frame_change(in_shape, self.frame, frame)[0])
        moved = field.astype("float64") * factors
        if in_shape != out_shape:
            # Where coordinates that stay the same in the old frame go to in the new one.
            moved = moved + xp.asarray(_identity_difference(in_shape, out_shape, self.frame, frame))
        return Displacement(moved.astype(self.field.dtype), frame=frame)


def _identity_difference(
    in_shape: tuple[int, ...], out_shape: tuple[int, ...], source: str, target: str
) -> np.ndarray:
    """The displacement (1, *out_shape, ndim) in `target` that leaves coordinates in `source` as they are."""
    from ._affine import Affine

    pixels = Affine(identity_to_pixels(in_shape, out_shape, source), frame="pixel")
    grid = pixels.to_frame(target, in_shape, out_shape).grid(out_shape)
    return grid - identity_grid(out_shape, target)
