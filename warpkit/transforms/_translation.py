"""Translations."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array

from ._affine import Affine
from ._estimates import FailedEstimate, PointPairs
from ._fields import beside, check_random_generator, library, unit_matrices, vectors_spec
from ._frame_change import frame_change
from ._transform import AbstractAffine, AbstractMatrix, affine_in_frame, check_dimensions, check_frame


@final
@dataclass(frozen=True, eq=False)
class Translation(AbstractAffine):
    r"""Translations, :math:`T(p) = p + t`.

    **Convention.** Points are (x, y[, z]); the map leads from output to input coordinates, so that a positive
    x shows what lies further right: the picture moves to the left.

    Parameters
    ----------
    translation : array, shape (n, ndim)
        :math:`t` in units of `frame`.
    frame : {"normalized", "corners", "pixel", "world"}
        What the coordinates mean; see :mod:`warpkit.grids`.

    Raises
    ------
    ValueError
        If the shape or the frame cannot be.
    TypeError
        If `translation` is no floating array.

    Notes
    -----
    :math:`\bar t = \sum_p \bar q(p)`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> move = wk.Translation(np.array([[1.0, 0.0]]), frame="pixel")
    >>> move(np.array([[2.0, 5.0]]))
    array([[[3., 5.]]])
    >>> wk.warp(np.array([[1.0, 2.0, 3.0]]), move)
    array([[2., 3., 0.]])
    """

    simpler: ClassVar[tuple[type[AbstractMatrix], ...]] = ()

    translation: Array
    _: KW_ONLY
    frame: str = "normalized"

    def __post_init__(self) -> None:
        vectors_spec("translation", self.translation)
        check_frame(self.frame)

    # Construction.
    @classmethod
    def identity(
        cls, ndim: int, *, frame: str = "normalized", n: int = 1, dtype: Any = np.float64
    ) -> Translation:
        """Return `n` maps that leave every point where it is."""
        check_dimensions(ndim)
        return cls(np.zeros((n, ndim), dtype), frame=frame)

    @classmethod
    def random(
        cls, rng: np.random.Generator, ndim: int, *, n: int = 1, frame: str = "normalized"
    ) -> Translation:
        """Draw `n` translations, uniform in [-0.3, 0.3] along each axis."""
        check_random_generator(rng)
        check_dimensions(ndim)
        return cls(rng.uniform(-0.3, 0.3, (n, ndim)), frame=frame)

    @classmethod
    def from_points(
        cls, src: Array, dst: Array, weights: Array | None = None, *, frame: str = "normalized"
    ) -> Translation | FailedEstimate:
        """Estimate the translation that takes `src` closest to `dst`, by least squares.

        Parameters
        ----------
        src, dst : array, shape (n, m, ndim) or (m, ndim)
            At least one pair of points: T(src) is to be dst.
        weights : array, shape (n, m) or (m,), optional
            Non-negative weights of the squared distances.
        frame : {"normalized", "corners", "pixel", "world"}
            What the coordinates mean.

        Returns
        -------
        Translation or FailedEstimate
            The failure is falsy and says why.
        """
        pairs = PointPairs.of(src, dst, weights, least=1)
        if isinstance(pairs, FailedEstimate):
            return pairs
        return cls(pairs.back(pairs.dst_centre - pairs.src_centre), frame=frame)

    @classmethod
    def _lift(cls, transform: Any) -> Translation:
        return transform

    # Attributes.
    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return int(self.translation.shape[1])

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return int(self.translation.shape[0])

    # Operations.
    def inverse(self) -> Translation:
        """Return the translation back."""
        return Translation(-self.translation, frame=self.frame)

    def _after(self, inner: Translation) -> Translation:
        return Translation(self.translation + inner.translation, frame=self.frame)

    def _in_frame(
        self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
    ) -> Translation | Affine:
        if in_shape != out_shape:
            return affine_in_frame(self, frame, in_shape, out_shape)
        factors = library(self.translation).asarray(frame_change(in_shape, self.frame, frame)[0])
        moved = self.translation.astype("float64") * factors
        return Translation(moved.astype(self.translation.dtype), frame=frame)

    # Conversions.
    def to_affine(self) -> Affine:
        """Return the same map as an :class:`Affine`."""
        unit = unit_matrices(self.n, self.ndim, self.translation)
        return Affine(beside(unit, self.translation), frame=self.frame)
