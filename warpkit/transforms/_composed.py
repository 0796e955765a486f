"""Compositions that no simpler class holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar, final

import numpy as np

from warpkit._core import Array, wrong_type, wrong_value

from ._affine import Affine
from ._attention import Attention
from ._diffeomorphism import Diffeomorphism
from ._displacement import Displacement
from ._fields import common_batch
from ._projective import Projective
from ._rigid import Rigid
from ._similarity import Similarity
from ._thin_plate_spline import ThinPlateSpline
from ._transform import AbstractAffine, AbstractMatrix, AbstractTransform
from ._translation import Translation

MATRIX_CLASSES: tuple[type[AbstractMatrix], ...] = (
    Translation,
    Attention,
    Rigid,
    Similarity,
    Affine,
    Projective,
)
"""Simplest first."""
BOUND = (Displacement, Diffeomorphism)
"""Their fields are of one output's pixels."""


@final
@dataclass(frozen=True, eq=False)
class Composed(AbstractTransform):
    r"""Transforms one after the other, :math:`T(p) = T_1(T_2(\dots T_k(p)))`.

    **Convention.** As mathematics writes it: the last one is applied first. Points are (x, y[, z]); the map
    leads from output to input coordinates.

    Parameters
    ----------
    transforms : tuple of AbstractTransform
        At least one; all of one frame and one number of dimensions, their batches equal or 1.

    Raises
    ------
    ValueError
        If frames, dimensions or batches differ, naming them.
    TypeError
        If `transforms` is no tuple of transforms.

    Notes
    -----
    ``A @ B`` makes one only where no simpler class holds the result. The derivative is the chain rule's.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> field = wk.Displacement(np.full((1, 2, 2, 2), 0.25))
    >>> half = wk.Attention(np.array([0.5]), np.zeros((1, 2)))
    >>> chain = half @ field
    >>> type(chain).__name__
    'Composed'
    >>> chain(np.array([[0.25, 0.0]]))
    array([[[0.25 , 0.125]]])
    """

    closed_under_composition: ClassVar[bool] = True
    closed_form_inverse: ClassVar[bool] = False
    estimable: ClassVar[bool] = False

    transforms: tuple[AbstractTransform, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.transforms, tuple) or not all(
            isinstance(transform, AbstractTransform) for transform in self.transforms
        ):
            raise wrong_type("transforms", "a tuple of transforms", self.transforms)
        if not self.transforms:
            raise wrong_value("transforms", "at least one transform", "none")
        for other in self.transforms[1:]:
            check_composable(self.transforms[0], other)
        _ = self.n

    # Construction.
    @classmethod
    def identity(cls, ndim: int, *, frame: str = "normalized", n: int = 1) -> Composed:
        """Return `n` maps that leave every point where it is."""
        return cls((Translation.identity(ndim, frame=frame, n=n),))

    @classmethod
    def random(
        cls, rng: np.random.Generator, ndim: int, *, n: int = 1, frame: str = "normalized"
    ) -> Composed:
        """Draw `n` displacements after thin-plate splines."""
        spline = ThinPlateSpline.random(rng, ndim, n=n, frame=frame)
        return cls((Displacement.random(rng, ndim, n=n, frame=frame), spline))

    # Attributes.
    @property
    def frame(self) -> str:  # type: ignore[override]
        """What the coordinates mean: that of all transforms."""
        return self.transforms[0].frame

    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return self.transforms[0].ndim

    @property
    def n(self) -> int:
        """Number of maps in the batch."""
        return common_batch(
            **{f"transforms[{i}]": transform.n for i, transform in enumerate(self.transforms)}
        )

    # Mapping.
    def _map(self, points: Array) -> Array:
        return reduce(lambda p, transform: transform(p), reversed(self.transforms), points)

    def grid(self, shape: tuple[int, ...]) -> Array:
        """Map the pixel centres of an output of spatial shape `shape`: a grid (n, *shape, ndim)."""
        first = self.transforms[-1].grid(shape)
        points = first.reshape(first.shape[0], math.prod(shape), self.ndim)
        mapped = reduce(lambda p, transform: transform(p), reversed(self.transforms[:-1]), points)
        return mapped.reshape(mapped.shape[0], *first.shape[1:])

    # Operations.
    def inverse(self) -> AbstractTransform:
        """Return the inverses in the opposite order: exact where each of them is."""
        return Composed(tuple(transform.inverse() for transform in reversed(self.transforms)))

    def _in_frame(self, frame: str, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> Composed:
        # Between two transforms any image will do; a displacement says which one it was made for.
        outs = [_made_for(transform) or in_shape for transform in self.transforms[:-1]] + [out_shape]
        moved: list[AbstractTransform] = []
        into = in_shape
        for transform, out in zip(self.transforms, outs, strict=True):
            if isinstance(transform, BOUND) and into != out:
                # Within one image it only scales, so that it stays the same map outside of its field, too.
                still = Affine.identity(self.ndim, frame=self.frame, dtype=_dtype(transform))
                moved.append(still.to_frame(frame, into, out))
                into = out
            moved.append(transform.to_frame(frame, into, out))
            into = out
        return Composed(tuple(moved))


def _made_for(transform: AbstractTransform) -> tuple[int, ...] | None:
    """The output's shape that a transform is bound to, if it is."""
    return transform.shape if isinstance(transform, BOUND) else None


def _dtype(transform: Displacement | Diffeomorphism) -> np.dtype[Any]:
    """Of the field."""
    field = transform.field if isinstance(transform, Displacement) else transform.velocity
    return np.dtype(field.dtype)


def check_composable(outer: AbstractTransform, inner: AbstractTransform) -> None:
    """Raise a ValueError that names what differs."""
    if outer.frame != inner.frame:
        raise ValueError(
            f"transforms: expected one frame, given {outer.frame!r} and {inner.frame!r}; "
            "convert one with to_frame"
        )
    if outer.ndim != inner.ndim:
        raise ValueError(
            f"transforms: expected one number of dimensions, given {outer.ndim} and {inner.ndim}"
        )
    common_batch(outer=outer.n, inner=inner.n)


def compose(outer: AbstractTransform, inner: AbstractTransform) -> AbstractTransform:
    """The map of `inner` and then `outer`, of the simplest class that holds it."""
    check_composable(outer, inner)
    first = outer.transforms if isinstance(outer, Composed) else (outer,)
    then = inner.transforms if isinstance(inner, Composed) else (inner,)
    joint = _merged(first[-1], then[0])
    chain = (*first[:-1], *joint, *then[1:])
    return chain[0] if len(chain) == 1 else Composed(chain)


def _merged(outer: AbstractTransform, inner: AbstractTransform) -> tuple[AbstractTransform, ...]:
    """One transform that holds both, or both; neither is Composed."""
    if isinstance(outer, AbstractMatrix) and isinstance(inner, AbstractMatrix):
        for kind in MATRIX_CLASSES:
            if all(isinstance(x, (kind, *kind.simpler)) for x in (outer, inner)):
                product = kind.of(outer)._after(kind.of(inner))
                return product.transforms if isinstance(product, Composed) else (product,)
    if isinstance(outer, ThinPlateSpline) and isinstance(inner, AbstractAffine):
        return (outer.around(None, inner),)
    if isinstance(outer, AbstractAffine) and isinstance(inner, ThinPlateSpline):
        return (inner.around(outer, None),)
    return outer, inner
