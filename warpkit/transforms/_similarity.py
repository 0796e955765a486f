"""Similarities: rigid motions with a scale."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array
from warpkit.ops import transpose

from ._affine import Affine
from ._attention import Attention
from ._estimates import FailedEstimate, PointPairs
from ._fields import beside, common_batch, library, scalars_spec
from ._frame_change import common_factor
from ._inversion import check_scale
from ._rigid import (
    Rigid,
    about,
    chained_translation,
    check_centre,
    check_rotation,
    moved_centre,
    turned,
)
from ._rotation import compose_rotations, rotation_matrix, rotation_of_matrix
from ._transform import AbstractAffine, AbstractMatrix, affine_in_frame, check_frame
from ._translation import Translation


@final
@dataclass(frozen=True, eq=False)
class Similarity(AbstractAffine):
    r"""Similarities, :math:`T(p) = s R\,(p - c) + c + t`.

    **Convention.** Points are (x, y[, z]); the map leads from output to input coordinates. A positive angle
    takes +x towards +y, as in :class:`Rigid`; a scale below 1 shows a part of the input, enlarged.

    Parameters
    ----------
    scale : array, shape (n,)
        The factor :math:`s`.
    rotation : array, shape (n,) in 2D, (n, 3) in 3D
        Angle, or rotation vector, in radians; see :class:`Rigid`.
    translation : array, shape (n, ndim)
        :math:`t` in units of `frame`. The batch of each field may be 1.
    centre : tuple of float, optional
        :math:`c`, in `frame`: what is turned and scaled about. The frame's origin by default.
    frame : {"normalized", "corners", "pixel", "world"}
        What the coordinates mean; see :mod:`warpkit.grids`. A similarity in the frame's own units.

    Raises
    ------
    ValueError
        If shapes do not fit together, or the frame is unknown.
    TypeError
        If a field is no floating array.

    Notes
    -----
    :math:`\bar s = \sum_p \bar q(p) \cdot R\,(p - c)`; the others as of :class:`Rigid`, with :math:`s R`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> turn = wk.Similarity(np.array([2.0]), np.array([np.pi / 2]), np.array([[0.0, 1.0]]))
    >>> turn(np.array([[1.0, 0.0]])).round(12)
    array([[[0., 3.]]])
    """

    simpler: ClassVar[tuple[type[AbstractMatrix], ...]] = (Translation, Attention, Rigid)

    scale: Array
    rotation: Array
    translation: Array
    centre: tuple[float, ...] | None = None
    _: KW_ONLY
    frame: str = "normalized"

    def __post_init__(self) -> None:
        scalars_spec("scale", self.scale)
        check_rotation(self.rotation, self.translation)
        self._common_batch()
        check_centre(self.centre, self.ndim)
        check_frame(self.frame)

    def _common_batch(self) -> int:
        names = ("scale", "rotation", "translation")
        return common_batch(**{name: int(getattr(self, name).shape[0]) for name in names})

    # Construction.
    @classmethod
    def identity(
        cls, ndim: int, *, frame: str = "normalized", n: int = 1, dtype: Any = np.float64
    ) -> Similarity:
        """Return `n` maps that leave every point where it is."""
        return cls.of(Rigid.identity(ndim, frame=frame, n=n, dtype=dtype))

    @classmethod
    def random(
        cls, rng: np.random.Generator, ndim: int, *, n: int = 1, frame: str = "normalized"
    ) -> Similarity:
        """Draw `n` maps: scale in [2/3, 3/2], the rest as of :meth:`Rigid.random`."""
        rigid = Rigid.random(rng, ndim, n=n, frame=frame)
        scale = np.exp(rng.uniform(-1, 1, n) * np.log(1.5))
        return cls(scale, rigid.rotation, rigid.translation, frame=frame)

    @classmethod
    def from_points(
        cls, src: Array, dst: Array, weights: Array | None = None, *, frame: str = "normalized"
    ) -> Similarity | FailedEstimate:
        """Estimate the similarity that takes `src` closest to `dst`, by least squares; never a reflection.

        Parameters
        ----------
        src, dst : array, shape (n, m, ndim) or (m, ndim)
            At least two pairs of points in 2D, three in 3D: T(src) is to be dst.
        weights : array, shape (n, m) or (m,), optional
            Non-negative weights of the squared distances.
        frame : {"normalized", "corners", "pixel", "world"}
            What the coordinates mean.

        Returns
        -------
        Similarity or FailedEstimate
            The failure is falsy and says why.

        References
        ----------
        S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns", IEEE
        Transactions on Pattern Analysis and Machine Intelligence 13 (4), 1991.
        """
        pairs = PointPairs.of(src, dst, weights, least=2)
        if isinstance(pairs, FailedEstimate):
            return pairs
        best = pairs.similarity()
        if isinstance(best, FailedEstimate):
            return best
        scale, matrix = best
        translation = pairs.dst_centre - scale[:, None] * np.einsum("nij,nj->ni", matrix, pairs.src_centre)
        rotation = rotation_of_matrix(matrix)
        return cls(pairs.back(scale), pairs.back(rotation), pairs.back(translation), frame=frame)

    @classmethod
    def _lift(cls, transform: Any) -> Similarity:
        t = transform.translation
        if isinstance(transform, Attention):
            shape = t.shape[:1] if transform.ndim == 2 else t.shape
            return cls(transform.scale, library(t).zeros(shape, t.dtype), t, frame=transform.frame)
        rigid = Rigid.of(transform)
        one = library(t).ones(1 if rigid.n else 0, t.dtype)
        return cls(one, rigid.rotation, t, rigid.centre, frame=rigid.frame)

    # Attributes.
    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return int(self.translation.shape[1])

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return self._common_batch()

    # Operations.
    def inverse(self) -> Similarity:
        """Return the map back.

        Raises
        ------
        ValueError
            If a scale is zero, naming its batch index.
        """
        check_scale(self.scale)
        scale = 1.0 / self.scale
        back = scale.reshape(-1, 1, 1) * transpose(rotation_matrix(self.rotation), (0, 2, 1))
        return Similarity(
            scale, -self.rotation, -turned(back, self.translation), self.centre, frame=self.frame
        )

    def _after(self, inner: Similarity) -> Similarity:
        translation = chained_translation(self._matrix(), self, inner)
        rotation = compose_rotations(self.rotation, inner.rotation)
        return Similarity(self.scale * inner.scale, rotation, translation, inner.centre, frame=self.frame)

    def _in_frame(
        self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
    ) -> Similarity | Affine:
        factor = common_factor(in_shape, out_shape, self.frame, frame)
        if factor is None:
            return affine_in_frame(self, frame, in_shape, out_shape)
        centre = moved_centre(self.centre, in_shape, self.frame, frame)
        return Similarity(self.scale, self.rotation, self.translation * factor, centre, frame=frame)

    def _matrix(self) -> Array:
        return self.scale.reshape(-1, 1, 1) * rotation_matrix(self.rotation)

    # Conversions.
    def to_affine(self) -> Affine:
        """Return the same map as an :class:`Affine`."""
        matrix = self._matrix()
        return Affine(beside(matrix, about(matrix, self.centre, self.translation)), frame=self.frame)
