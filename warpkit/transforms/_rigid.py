"""Rigid motions."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array, wrong_value
from warpkit.ops import matmul, transpose

from ._affine import Affine
from ._estimates import FailedEstimate, PointPairs
from ._fields import beside, check_random_generator, common_batch, floating_spec, library, vectors_spec
from ._frame_change import common_factor, frame_change
from ._rotation import compose_rotations, rotation_matrix, rotation_of_matrix
from ._transform import AbstractAffine, AbstractMatrix, affine_in_frame, check_dimensions, check_frame
from ._translation import Translation


@final
@dataclass(frozen=True, eq=False)
class Rigid(AbstractAffine):
    r"""Rigid motions (Euclidean transforms, poses), :math:`T(p) = R\,(p - c) + c + t`.

    **Convention.** Points are (x, y[, z]); the map leads from output to input coordinates. A positive angle
    takes +x towards +y. With y pointing down that is clockwise on the screen for the points that are mapped;
    the picture, which is looked up at them, turns the other way.

    Parameters
    ----------
    rotation : array, shape (n,) in 2D, (n, 3) in 3D
        Angle in radians; or rotation vector: the axis times the angle in radians, by the right-hand rule in
        (x, y, z).
    translation : array, shape (n, ndim)
        :math:`t` in units of `frame`. The batch of `rotation` or of `translation` may be 1.
    centre : tuple of float, optional
        :math:`c`, in `frame`: what is turned about. The frame's origin by default: the centre of the image,
        in "pixel" the centre of the first pixel.
    frame : {"normalized", "corners", "pixel", "world"}
        What the coordinates mean; see :mod:`warpkit.grids`. Rigid in the frame's own units: in "normalized"
        coordinates of an image that is not square, the pixels are sheared.

    Raises
    ------
    ValueError
        If shapes do not fit together, or the frame is unknown.
    TypeError
        If a field is no floating array.

    Notes
    -----
    In 3D :math:`R = \exp(K)` by Rodrigues' formula, in a form whose derivatives of every order are right at
    no rotation, too. In 2D :math:`\bar\alpha = \sum_p \bar q(p) \cdot R' (p - c)`, and always
    :math:`\bar t = \sum_p \bar q(p)`.

    References
    ----------
    R. M. Murray, Z. Li, S. S. Sastry, "A Mathematical Introduction to Robotic Manipulation", 1994,
    eq. (2.14).

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> quarter_turn = wk.Rigid(np.array([np.pi / 2]), np.zeros((1, 2)))
    >>> quarter_turn(np.array([[1.0, 0.0]])).round(12)
    array([[[0., 1.]]])
    >>> wk.warp(np.array([[1.0, 2.0], [3.0, 4.0]]), quarter_turn)
    array([[2., 4.],
           [1., 3.]])
    """

    simpler: ClassVar[tuple[type[AbstractMatrix], ...]] = (Translation,)

    rotation: Array
    translation: Array
    centre: tuple[float, ...] | None = None
    _: KW_ONLY
    frame: str = "normalized"

    def __post_init__(self) -> None:
        check_rotation(self.rotation, self.translation)
        n, m = self.rotation.shape[0], self.translation.shape[0]
        common_batch(rotation=n, translation=m)
        check_centre(self.centre, self.ndim)
        check_frame(self.frame)

    # Construction.
    @classmethod
    def identity(cls, ndim: int, *, frame: str = "normalized", n: int = 1, dtype: Any = np.float64) -> Rigid:
        """Return `n` maps that leave every point where it is."""
        check_dimensions(ndim, least=2)
        return cls(np.zeros(n if ndim == 2 else (n, 3), dtype), np.zeros((n, ndim), dtype), frame=frame)

    @classmethod
    def random(cls, rng: np.random.Generator, ndim: int, *, n: int = 1, frame: str = "normalized") -> Rigid:
        """Draw `n` motions: angles in [-1, 1] radian (per axis in 3D), translations in [-0.3, 0.3]."""
        check_random_generator(rng)
        check_dimensions(ndim, least=2)
        rotation = rng.uniform(-1, 1, n if ndim == 2 else (n, 3))
        return cls(rotation, rng.uniform(-0.3, 0.3, (n, ndim)), frame=frame)

    @classmethod
    def from_points(
        cls, src: Array, dst: Array, weights: Array | None = None, *, frame: str = "normalized"
    ) -> Rigid | FailedEstimate:
        """Estimate the motion that takes `src` closest to `dst`, by least squares; never a reflection.

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
        Rigid or FailedEstimate
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
        matrix = best[1]
        translation = pairs.dst_centre - np.einsum("nij,nj->ni", matrix, pairs.src_centre)
        return cls(pairs.back(rotation_of_matrix(matrix)), pairs.back(translation), frame=frame)

    @classmethod
    def _lift(cls, transform: Any) -> Rigid:
        t = transform.translation
        shape = t.shape[:1] if transform.ndim == 2 else t.shape
        return cls(library(t).zeros(shape, t.dtype), t, frame=transform.frame)

    # Attributes.
    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return int(self.translation.shape[1])

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return common_batch(rotation=self.rotation.shape[0], translation=self.translation.shape[0])

    # Operations.
    def inverse(self) -> Rigid:
        """Return the motion back."""
        back = transpose(rotation_matrix(self.rotation), (0, 2, 1))
        return Rigid(-self.rotation, -turned(back, self.translation), self.centre, frame=self.frame)

    def _after(self, inner: Rigid) -> Rigid:
        matrix = rotation_matrix(self.rotation)
        translation = chained_translation(matrix, self, inner)
        rotation = compose_rotations(self.rotation, inner.rotation)
        return Rigid(rotation, translation, inner.centre, frame=self.frame)

    def _in_frame(self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> Rigid | Affine:
        factor = common_factor(in_shape, out_shape, self.frame, frame)
        if factor is None:
            return affine_in_frame(self, frame, in_shape, out_shape)
        centre = moved_centre(self.centre, in_shape, self.frame, frame)
        return Rigid(self.rotation, self.translation * factor, centre, frame=frame)

    # Conversions.
    def to_affine(self) -> Affine:
        """Return the same map as an :class:`Affine`."""
        matrix = rotation_matrix(self.rotation)
        return Affine(beside(matrix, about(matrix, self.centre, self.translation)), frame=self.frame)


def check_rotation(rotation: Array, translation: Array) -> None:
    """Check that a rotation has the dimensions of its translation."""
    ndim = vectors_spec("translation", translation).shape[1]
    spec = floating_spec("rotation", rotation)
    check_dimensions(ndim, least=2)
    if (ndim == 2 and spec.ndim != 1) or (ndim == 3 and spec.shape != (*spec.shape[:1], 3)):
        expected = (
            "an angle each, shape (n,), in 2D" if ndim == 2 else "a rotation vector each, shape (n, 3), in 3D"
        )
        raise wrong_value("rotation", expected, f"shape {spec.shape}")


def check_centre(centre: tuple[float, ...] | None, ndim: int) -> None:
    """Check that a centre is a tuple of numbers."""
    if centre is None:
        return
    if not isinstance(centre, tuple) or not all(isinstance(x, (int, float)) for x in centre):
        raise TypeError(f"centre: expected a tuple of {ndim} numbers, given {centre!r}")
    if len(centre) != ndim:
        raise wrong_value("centre", f"{ndim} numbers", centre)


def turned(matrix: Array, vectors: Array) -> Array:
    """Products of matrices (n, ndim, ndim) and vectors (n, ndim)."""
    out = matmul(matrix, vectors.reshape(*vectors.shape, 1))
    return out.reshape(*out.shape[:2])


def about(matrix: Array, centre: tuple[float, ...] | None, translation: Array) -> Array:
    """The offset c - A c + t of the affine map that turns about c; exactly t where A is the unit matrix."""
    if centre is None:
        return translation
    c = library(translation).asarray([centre], dtype=translation.dtype)
    return translation + (c - turned(matrix, c))


def chained_translation(matrix: Array, outer: Any, inner: Any) -> Array:
    """The translation of `outer` after `inner`, about the centre of `inner`; `matrix` is that of `outer`."""
    if outer.centre == inner.centre:
        return turned(matrix, inner.translation) + outer.translation
    origin = (0.0,) * inner.ndim
    apart = np.subtract(inner.centre or origin, outer.centre or origin)[None]
    between = library(inner.translation).asarray(apart, dtype=inner.translation.dtype)
    return turned(matrix, inner.translation + between) + outer.translation - between


def moved_centre(
    centre: tuple[float, ...] | None, shape: tuple[int, ...], source: str, target: str
) -> tuple[float, ...]:
    """The same centre in another frame."""
    factors, offsets = frame_change(shape, source, target)
    old = (0.0,) * len(shape) if centre is None else centre
    return tuple(d * c + e for d, c, e in zip(factors, old, offsets, strict=True))
