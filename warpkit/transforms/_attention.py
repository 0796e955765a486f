"""Attention: isotropic scale and translation."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array

from ._affine import Affine
from ._estimates import FailedEstimate, PointPairs
from ._fields import (
    beside,
    check_random_generator,
    common_batch,
    library,
    scalars_spec,
    unit_matrices,
    vectors_spec,
)
from ._frame_change import frame_change
from ._inversion import check_scale
from ._transform import AbstractAffine, AbstractMatrix, affine_in_frame, check_dimensions, check_frame
from ._translation import Translation


@final
@dataclass(frozen=True, eq=False)
class Attention(AbstractAffine):
    r"""Isotropic scale and translation, :math:`T(p) = s p + t`: where to look, and how closely.

    **Convention.** Points are (x, y[, z]); the map leads from output to input coordinates, so that a scale
    below 1 shows a part of the input, enlarged.

    Parameters
    ----------
    scale : array, shape (n,)
        The factor :math:`s`.
    translation : array, shape (n, ndim)
        :math:`t` in units of `frame`. The batch of `scale` or of `translation` may be 1.
    frame : {"normalized", "corners", "pixel", "world"}
        What the coordinates mean; see :mod:`warpkit.grids`. The scale is about the frame's origin: the
        centre of the image, in "pixel" the centre of the first pixel.

    Raises
    ------
    ValueError
        If shapes do not fit together, or the frame is unknown.
    TypeError
        If a field is no floating array.

    Notes
    -----
    :math:`\bar s = \sum_p \bar q(p) \cdot p`, :math:`\bar t = \sum_p \bar q(p)`.

    References
    ----------
    M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial Transformer Networks", NIPS 2015,
    arXiv:1506.02025, eq. (2).

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> upper_left_quarter = wk.Attention(np.array([0.5]), np.array([[-0.5, -0.5]]))
    >>> upper_left_quarter(np.array([[-1.0, -1.0], [1.0, 1.0]]))
    array([[[-1., -1.],
            [ 0.,  0.]]])
    """

    simpler: ClassVar[tuple[type[AbstractMatrix], ...]] = (Translation,)

    scale: Array
    translation: Array
    _: KW_ONLY
    frame: str = "normalized"

    def __post_init__(self) -> None:
        scalars_spec("scale", self.scale)
        vectors_spec("translation", self.translation)
        common_batch(scale=self.scale.shape[0], translation=self.translation.shape[0])
        check_frame(self.frame)

    # Construction.
    @classmethod
    def identity(
        cls, ndim: int, *, frame: str = "normalized", n: int = 1, dtype: Any = np.float64
    ) -> Attention:
        """Return `n` maps that leave every point where it is."""
        check_dimensions(ndim)
        return cls(np.ones(n, dtype), np.zeros((n, ndim), dtype), frame=frame)

    @classmethod
    def random(
        cls, rng: np.random.Generator, ndim: int, *, n: int = 1, frame: str = "normalized"
    ) -> Attention:
        """Draw `n` maps: scale in [2/3, 3/2], translation in [-0.3, 0.3] along each axis."""
        check_random_generator(rng)
        check_dimensions(ndim)
        scale = np.exp(rng.uniform(-1, 1, n) * np.log(1.5))
        return cls(scale, rng.uniform(-0.3, 0.3, (n, ndim)), frame=frame)

    @classmethod
    def from_points(
        cls, src: Array, dst: Array, weights: Array | None = None, *, frame: str = "normalized"
    ) -> Attention | FailedEstimate:
        """Estimate the scale and translation that take `src` closest to `dst`, by least squares.

        Parameters
        ----------
        src, dst : array, shape (n, m, ndim) or (m, ndim)
            At least two pairs of points: T(src) is to be dst.
        weights : array, shape (n, m) or (m,), optional
            Non-negative weights of the squared distances.
        frame : {"normalized", "corners", "pixel", "world"}
            What the coordinates mean.

        Returns
        -------
        Attention or FailedEstimate
            The failure is falsy and says why. The scale is negative where that fits best.
        """
        pairs = PointPairs.of(src, dst, weights, least=2)
        if isinstance(pairs, FailedEstimate):
            return pairs
        failure = pairs.spread_failure(1)
        if failure is not None:
            return failure
        weighted = pairs.weights[..., None] * pairs.src_offset
        scale = (weighted * pairs.dst_offset).sum((1, 2)) / (weighted * pairs.src_offset).sum((1, 2))
        translation = pairs.dst_centre - scale[:, None] * pairs.src_centre
        return cls(pairs.back(scale), pairs.back(translation), frame=frame)

    @classmethod
    def _lift(cls, transform: Any) -> Attention:
        t = transform.translation
        return cls(library(t).ones(t.shape[0], t.dtype), t, frame=transform.frame)

    # Attributes.
    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return int(self.translation.shape[1])

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return common_batch(scale=self.scale.shape[0], translation=self.translation.shape[0])

    # Operations.
    def inverse(self) -> Attention:
        """Return the map back.

        Raises
        ------
        ValueError
            If a scale is zero, naming its batch index.
        """
        check_scale(self.scale)
        scale = 1.0 / self.scale
        return Attention(scale, -(scale.reshape(-1, 1) * self.translation), frame=self.frame)

    def _after(self, inner: Attention) -> Attention:
        translation = self.scale.reshape(-1, 1) * inner.translation + self.translation
        return Attention(self.scale * inner.scale, translation, frame=self.frame)

    def _in_frame(
        self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
    ) -> Attention | Affine:
        if in_shape != out_shape:
            return affine_in_frame(self, frame, in_shape, out_shape)
        xp = library(self.translation)
        factors, offsets = (xp.asarray(x) for x in frame_change(in_shape, self.frame, frame))
        scale, translation = self.scale.astype("float64"), self.translation.astype("float64")
        moved = translation * factors + (1.0 - scale).reshape(-1, 1) * offsets
        return Attention(self.scale, moved.astype(self.translation.dtype), frame=frame)

    # Conversions.
    def to_affine(self) -> Affine:
        """Return the same map as an :class:`Affine`."""
        matrix = self.scale.reshape(-1, 1, 1) * unit_matrices(self.n, self.ndim, self.scale)
        return Affine(beside(matrix, self.translation), frame=self.frame)
