"""What all transform classes share. Each class is either abstract, or final with its fields in one file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from warpkit._core import (
    Array,
    Tracer,
    as_array,
    check_choice,
    check_shape,
    namespace,
    plain,
    wrong_type,
    wrong_value,
)
from warpkit.grids import FRAMES, Geometry
from warpkit.ops import matmul

from ._affine_grid import affine_grid, affine_points
from ._from_pixels import affine_from_pixels, check_scales
from ._to_pixels import affine_to_pixels

if TYPE_CHECKING:
    from ._affine import Affine
    from ._projective import Projective

WORLD = "world"
"""The frame of places outside of images: a :class:`warpkit.Geometry` says which pixels are there."""

Space = tuple[int, ...] | Geometry


class AbstractTransform(ABC):
    """A batch of maps from output coordinates to input coordinates.

    **Convention.** Points are (x, y[, z]), the last image axis first, in the transform's `frame`. A map says
    where in the input the value at a point of the output comes from.

    Transforms are values: frozen, their fields kept as given, so that a :class:`warpkit.Variable` in a field
    stays on the tape. Every field may have a batch of n or of 1. Called with points (n, m, ndim), or with one
    set of points (m, ndim) for the whole batch, a transform returns the mapped points (n, m, ndim). ``A @ B``
    is the map of `B` and then `A`, of the simplest class that holds it, :class:`Composed` if none does.
    """

    # Capabilities: what the law tests may count on.
    closed_under_composition: ClassVar[bool] = False
    """Whether ``@`` of two of this class is of this class."""
    closed_form_inverse: ClassVar[bool] = False
    """Whether :meth:`inverse` is exact; otherwise it is found by iteration and says whether it was."""
    estimable: ClassVar[bool] = False
    """Whether the class has a `from_points`."""

    __array_ufunc__: ClassVar[None] = None  # so that NumPy leaves ``transform @ array`` alone, an error

    frame: str
    """What the coordinates mean; see :mod:`warpkit.grids`."""

    # Attributes.
    @property
    @abstractmethod
    def ndim(self) -> int:
        """Number of spatial dimensions."""

    @property
    @abstractmethod
    def n(self) -> int:
        """Number of maps in the batch."""

    # Mapping.
    def __call__(self, points: Array) -> Array:
        """Map points.

        Parameters
        ----------
        points : array, shape (n, m, ndim) or (m, ndim)
            Output coordinates in `frame`. `n` may be 1 here or in the transform.

        Returns
        -------
        array, shape (n, m, ndim)
            Input coordinates in `frame`.

        Raises
        ------
        ValueError
            If the shape of the points does not fit.
        """
        if not isinstance(points, Tracer):
            points = as_array(points, "points")
        if points.ndim not in (2, 3) or points.shape[-1] != self.ndim:
            expected = f"shape (n, m, {self.ndim}) or (m, {self.ndim})"
            raise wrong_value("points", expected, f"shape {tuple(points.shape)}")
        if np.dtype(points.dtype).kind != "f":
            points = points.astype("float64")
        return self._map(points if points.ndim == 3 else points.reshape(1, *points.shape))

    @abstractmethod
    def _map(self, points: Array) -> Array:
        """Map points (n or 1, m, ndim) of a floating dtype."""

    @abstractmethod
    def grid(self, shape: tuple[int, ...]) -> Array:
        """Map the pixel centres of an output of spatial shape `shape`: a grid (n, *shape, ndim)."""

    # Operations.
    @abstractmethod
    def inverse(self) -> AbstractTransform:
        """Return the map back, from input to output coordinates."""

    def __matmul__(self, inner: AbstractTransform) -> AbstractTransform:
        """Return the map of `inner` and then of this transform."""
        if not isinstance(inner, AbstractTransform):
            return NotImplemented
        from ._composed import compose

        return compose(self, inner)

    def to_frame(self, frame: str, in_space: Space, out_space: Space | None = None) -> AbstractTransform:
        """Return the same map of places in coordinates of another frame.

        Parameters
        ----------
        frame : {"normalized", "corners", "pixel", "world"}
            The new frame.
        in_space, out_space : tuple of int or Geometry
            Spatial shapes of the input and the output; the output's is the input's by default. To and from
            "world", their geometries.

        Returns
        -------
        AbstractTransform
            Of another class where this one cannot hold it: a :class:`Rigid` motion of pixels that are not
            square in the new frame is an :class:`Affine`. Computed in float64, and rounded once to the dtype
            of the fields.

        Raises
        ------
        ValueError
            If the frame is unknown, a shape has another number of axes, or, in "corners", an axis of length
            1, which it names.
        TypeError
            If a geometry is needed and a shape is given; or, to or from "world", if this is neither an affine
            map nor a :class:`Projective`.
        """
        check_frame(frame)
        out_space = in_space if out_space is None else out_space
        in_shape, out_shape = (
            check_shape(_shape_of(space), name, self.ndim)
            for space, name in ((in_space, "in_space"), (out_space, "out_space"))
        )
        if frame == self.frame:
            return self
        if WORLD in (frame, self.frame):
            for space, name in ((in_space, "in_space"), (out_space, "out_space")):
                if not isinstance(space, Geometry):
                    raise wrong_type(name, 'a Geometry, to or from the frame "world"', space)
            return self._through_world(frame, in_space, out_space)
        check_scales("in_space", in_shape, frame)
        check_scales("out_space", out_shape, frame)
        return self._in_frame(frame, in_shape, out_shape)

    def _through_world(self, frame: str, in_space: Any, out_space: Any) -> AbstractTransform:
        """Return the same map in another frame, where one of the two is "world"."""
        raise wrong_type("transform", 'an affine map or a Projective, to or from the frame "world"', self)

    @abstractmethod
    def _in_frame(
        self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
    ) -> AbstractTransform:
        """Return the same map in another frame; the arguments are checked."""


class AbstractMatrix(AbstractTransform):
    """Transforms that a matrix of homogeneous coordinates describes."""

    simpler: ClassVar[tuple[type[AbstractMatrix], ...]] = ()
    """The classes whose maps this class holds, too."""

    @classmethod
    @abstractmethod
    def identity(
        cls, ndim: int, *, frame: str = "normalized", n: int = 1, dtype: Any = np.float64
    ) -> AbstractTransform:
        """Return `n` maps that leave every point where it is."""

    @classmethod
    @abstractmethod
    def random(
        cls, rng: np.random.Generator, ndim: int, *, n: int = 1, frame: str = "normalized"
    ) -> AbstractTransform:
        """Draw `n` moderate maps: invertible, and for "normalized" coordinates of a sensible size."""

    @classmethod
    def of(cls, transform: AbstractTransform) -> Self:
        """Return the same map as one of this class.

        Raises
        ------
        TypeError
            If the class of `transform` has maps that this class does not hold.
        """
        if isinstance(transform, cls):
            return transform
        if not isinstance(transform, cls.simpler):
            names = ", ".join(kind.__name__ for kind in (*cls.simpler, cls))
            raise wrong_type("transform", f"one of {names}", transform)
        return cls._lift(transform)

    @classmethod
    @abstractmethod
    def _lift(cls, transform: Any) -> Self:
        """Return a transform of a simpler class as one of this class."""

    @abstractmethod
    def _after(self, inner: Self) -> AbstractTransform:
        """Return the map of `inner` and then of this transform, both of this class."""

    @abstractmethod
    def to_projective(self) -> Projective:
        """Return the same map as a :class:`Projective`."""

    def _through_world(self, frame: str, in_space: Any, out_space: Any) -> AbstractTransform:
        """By matrices; an affine map becomes an :class:`Affine`, whatever it was."""
        to_world = frame == WORLD
        pixels = self.to_frame("pixel", in_space.shape, out_space.shape) if to_world else self
        if not isinstance(pixels, AbstractMatrix):
            return pixels._through_world(frame, in_space, out_space)
        theta = pixels.to_projective().theta
        xp = namespace(plain(theta))
        ahead, behind = in_space.matrix, np.linalg.inv(out_space.matrix)
        if not to_world:
            ahead, behind = np.linalg.inv(ahead), np.linalg.inv(behind)
        product = matmul(matmul(xp.asarray(ahead)[None], theta.astype("float64")), xp.asarray(behind)[None])
        is_affine, found = isinstance(self, AbstractAffine), WORLD if to_world else "pixel"
        moved = _of_matrix(product.astype(theta.dtype), is_affine, found)
        return moved if to_world else moved.to_frame(frame, in_space, out_space)


def _of_matrix(theta: Array, affine: bool, frame: str) -> AbstractTransform:
    from ._affine import Affine
    from ._projective import Projective

    return Affine(theta[:, :-1], frame=frame) if affine else Projective(theta, frame=frame)


def _shape_of(space: Any) -> Any:
    return space.shape if isinstance(space, Geometry) else space


class AbstractAffine(AbstractMatrix):
    """Transforms of the form :math:`A p + b`."""

    closed_under_composition: ClassVar[bool] = True
    closed_form_inverse: ClassVar[bool] = True
    estimable: ClassVar[bool] = True

    def _map(self, points: Array) -> Array:
        return affine_points(self.to_affine().theta, points)

    def grid(self, shape: tuple[int, ...]) -> Array:
        """Map the pixel centres of an output of spatial shape `shape`: a grid (n, *shape, ndim)."""
        return affine_grid(self.to_affine().theta, shape, frame=self.frame)

    @abstractmethod
    def to_affine(self) -> Affine:
        """Return the same map as an :class:`Affine`."""

    def to_projective(self) -> Projective:
        """Return the same map as a :class:`Projective`."""
        from ._projective import Projective

        return Projective.of(self)


def affine_in_frame(
    transform: AbstractAffine, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> Affine:
    """Return an affine map in another frame, as an Affine."""
    from ._affine import Affine

    affine = transform.to_affine()
    pixels = affine_to_pixels(affine.theta, in_shape, out_shape, transform.frame)
    theta = affine_from_pixels(pixels, in_shape, out_shape, frame)
    return Affine(theta.astype(affine.theta.dtype), frame=frame)


def check_frame(frame: str) -> None:
    """Raise a ValueError unless the frame is known."""
    check_choice("frame", frame, (*FRAMES, WORLD))


def check_image_frame(frame: str) -> None:
    """Raise a ValueError unless the frame is one of images: "world" is not."""
    check_choice("frame", frame, FRAMES)


def check_dimensions(ndim: int, least: int = 1) -> None:
    """Raise a ValueError unless `ndim` is a number of dimensions that exists."""
    if ndim not in range(least, 4):
        raise wrong_value("ndim", "2 or 3" if least == 2 else "1, 2 or 3", ndim)
