"""Smooth maps with a smooth inverse: the flow of a velocity field."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array, check_shape

from ._displacement import Displacement
from ._exponential_displacement import check_squarings, exponential_displacement
from ._fields import library
from ._frame_change import frame_change
from ._transform import AbstractTransform


@final
@dataclass(frozen=True, eq=False)
class Diffeomorphism(AbstractTransform):
    r"""Where the flow of a stationary velocity field leads to in one unit of time, :math:`T = \exp(v)`.

    **Convention.** Points and velocities are (x, y[, z]), both in `frame`. The flow leads from the output
    pixel to the place in the input that its value comes from.

    Parameters
    ----------
    velocity : array, shape (n, *shape, ndim)
        :math:`v` at the pixel centres of an image of spatial shape `shape`, in the units of `frame`. Between
        them it is interpolated linearly, and outside it stays what it is at the border.
    frame : {"normalized", "corners", "pixel"}
        What the coordinates mean; see :mod:`warpkit.grids`.
    squarings : int
        See :func:`exponential_displacement`.

    Raises
    ------
    ValueError
        If the last axis does not match the number of spatial axes, or the frame is unknown.
    TypeError
        If `velocity` is no floating array.

    Notes
    -----
    The flow of a smooth velocity never folds, and the flow of :math:`-v` leads back. Both hold for fields of
    pixels as far as these say what the velocity is between them: :meth:`inverse` leads back up to the error
    of interpolation, which shrinks with the square of the pixels' size, and a field that is rough from pixel
    to pixel may fold. ``metrics.jacobian_determinant(T.displacement().field)`` shows whether it does.

    References
    ----------
    J. Ashburner, "A fast diffeomorphic image registration algorithm", NeuroImage 38 (1), 2007, section 2.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> turning = wk.identity_grid((33, 33))[..., ::-1] * [[-0.5, 0.5]]      # by half a radian
    >>> turn = wk.Diffeomorphism(turning)
    >>> turn(np.array([[0.2, 0.1]])).round(3)
    array([[[0.128, 0.184]]])
    >>> wk.Rigid(np.array([0.5]), np.zeros((1, 2)))(np.array([[0.2, 0.1]])).round(3)
    array([[[0.128, 0.184]]])
    >>> turn.inverse()(turn(np.array([[0.2, 0.1]]))).round(3)
    array([[[0.2, 0.1]]])
    """

    closed_under_composition: ClassVar[bool] = False
    closed_form_inverse: ClassVar[bool] = False
    estimable: ClassVar[bool] = False

    velocity: Array
    _: KW_ONLY
    frame: str = "normalized"
    squarings: int = 8

    def __post_init__(self) -> None:
        Displacement(self.velocity, frame=self.frame)  # whose field has the same shape
        check_squarings(self.squarings)

    # Construction.
    @classmethod
    def identity(
        cls, shape: tuple[int, ...], *, frame: str = "normalized", n: int = 1, dtype: Any = np.float64
    ) -> Diffeomorphism:
        """Return `n` flows at rest for images of spatial shape `shape`."""
        return cls(Displacement.identity(shape, n=n, dtype=dtype).field, frame=frame)

    @classmethod
    def random(
        cls,
        rng: np.random.Generator,
        ndim: int,
        *,
        n: int = 1,
        frame: str = "normalized",
        shape: tuple[int, ...] | None = None,
    ) -> Diffeomorphism:
        """Draw `n` smooth flows for images of spatial shape `shape`: velocities as of Displacement.random."""
        return cls(Displacement.random(rng, ndim, n=n, frame=frame, shape=shape).field, frame=frame)

    # Attributes.
    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return int(self.velocity.shape[-1])

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return int(self.velocity.shape[0])

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial shape of the image that the velocity was made for."""
        return tuple(self.velocity.shape[1:-1])

    # Mapping.
    def displacement(self) -> Displacement:
        """Return the same map as a :class:`Displacement`: the flow followed from each pixel centre."""
        field = exponential_displacement(self.velocity, squarings=self.squarings, frame=self.frame)
        return Displacement(field, frame=self.frame)

    def _map(self, points: Array) -> Array:
        return self.displacement()(points)

    def grid(self, shape: tuple[int, ...]) -> Array:
        """Map the pixel centres of an output of spatial shape `shape`: a grid (n, *shape, ndim)."""
        return self.displacement().grid(shape)

    # Operations.
    def inverse(self) -> Diffeomorphism:
        """Return the flow of the opposite velocity: the map back, up to the error of interpolation."""
        return replace(self, velocity=-self.velocity)

    def resampled(self, shape: tuple[int, ...]) -> Diffeomorphism:
        """Return the flow of the velocity at the pixel centres of an image of another shape, interpolated."""
        shape = check_shape(shape, ndim=self.ndim)
        return replace(self, velocity=Displacement(self.velocity, frame=self.frame).resampled(shape).field)

    def _in_frame(
        self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
    ) -> AbstractTransform:
        from ._affine import Affine

        velocity = self.resampled(out_shape).velocity  # a flow is of the output's places among themselves
        factors = library(velocity).asarray(frame_change(out_shape, self.frame, frame)[0])
        moved = replace(
            self, velocity=(velocity.astype("float64") * factors).astype(self.velocity.dtype), frame=frame
        )
        if in_shape == out_shape:
            return moved
        # Where coordinates that stay the same in the old frame go to in the new one.
        still = Affine.identity(self.ndim, frame=self.frame, dtype=self.velocity.dtype)
        return still.to_frame(frame, in_shape, out_shape) @ moved
