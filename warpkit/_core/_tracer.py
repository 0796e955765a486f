"""Tracers: values that stand for arrays while a derivative is being taken.

An op that meets a tracer hands itself over to it instead of computing. Tracers nest: a derivative of a
derivative wraps tracers in tracers. Each derivative being taken has a *level*, and the innermost one,
that of the highest level, acts first (the scheme of HIPS autograd's trace stack). Level 0 is the tape
that users hold; every other level lives inside one call and never escapes from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ._registry import get_op
from ._types import Array

if TYPE_CHECKING:
    from ._op import Op

_depth: ContextVar[int] = ContextVar("warpkit_trace_depth", default=0)


@contextmanager
def new_level() -> Iterator[int]:
    """Open a level above all that are being traced in this context."""
    level = _depth.get() + 1
    token = _depth.set(level)
    try:
        yield level
    finally:
        _depth.reset(token)


class Tracer:
    """What all tracers share: they look like arrays, and Python's operators on them are ops."""

    __slots__ = ("level",)
    __array_ufunc__: ClassVar[None] = None  # NumPy then leaves `array * tracer` to the tracer
    __array_priority__: ClassVar[float] = 1000.0  # and so does CuPy
    level: int

    @property
    def inner(self) -> Array:
        """The value below this tracer: an array, or a tracer of a lower level."""
        raise NotImplementedError

    @classmethod
    def apply_op(cls, level: int, op: Op, arrays: Sequence[Array], static: dict[str, Any]) -> Any:
        """Run `op` where tracers of this class at `level` are among its `arrays`."""
        raise NotImplementedError

    # Shape and dtype.
    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return tuple(self.inner.shape)

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self.inner.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(plain(self).size)

    def __len__(self) -> int:
        return len(plain(self))

    def __iter__(self) -> Iterator[Array]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(plain(self))

    def __float__(self) -> float:
        return float(plain(self))

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        # Without this NumPy would take a tracer for a sequence, and build an array of objects.
        raise TypeError(
            f"a {type(self).__name__} is no NumPy array: take its value from .data, or differentiate "
            "through it with the functions of warpkit.ops"
        )

    def __array_function__(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"numpy.{function.__name__} does not know a {type(self).__name__}: use the functions of "
            "warpkit.ops, or its value, .data"
        )

    # Operators: each is the op of that name.
    def __add__(self, other: Array) -> Array:
        return get_op("add")(self, other)

    def __radd__(self, other: Array) -> Array:
        return get_op("add")(other, self)

    def __sub__(self, other: Array) -> Array:
        return get_op("subtract")(self, other)

    def __rsub__(self, other: Array) -> Array:
        return get_op("subtract")(other, self)

    def __mul__(self, other: Array) -> Array:
        return get_op("multiply")(self, other)

    def __rmul__(self, other: Array) -> Array:
        return get_op("multiply")(other, self)

    def __truediv__(self, other: Array) -> Array:
        return get_op("divide")(self, other)

    def __rtruediv__(self, other: Array) -> Array:
        return get_op("divide")(other, self)

    def __pow__(self, exponent: float) -> Array:
        return get_op("power")(self, exponent)

    def __neg__(self) -> Array:
        return get_op("negative")(self)

    def __abs__(self) -> Array:
        return get_op("absolute")(self)

    def __matmul__(self, other: Array) -> Array:
        return get_op("matmul")(self, other)

    def __rmatmul__(self, other: Array) -> Array:
        return get_op("matmul")(other, self)

    def __getitem__(self, index: Any) -> Array:
        return get_op("getitem")(self, index)

    # Comparisons have no derivative: they answer with plain arrays.
    def __lt__(self, other: Array) -> Array:
        return plain(self) < plain(other)

    def __le__(self, other: Array) -> Array:
        return plain(self) <= plain(other)

    def __gt__(self, other: Array) -> Array:
        return plain(self) > plain(other)

    def __ge__(self, other: Array) -> Array:
        return plain(self) >= plain(other)

    # Methods that arrays have too, so that one function serves both.
    def reshape(self, *shape: Any) -> Array:
        """The same elements in another shape."""
        new = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        return get_op("reshape")(self, tuple(new))

    def astype(self, dtype: Any, copy: bool = True) -> Array:
        """The same values in another dtype."""
        del copy
        return get_op("astype")(self, dtype)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Array:
        """Sum over `axis`."""
        return get_op("sum")(self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Array:
        """Mean over `axis`."""
        return get_op("mean")(self, axis, keepdims)


def plain(x: Any) -> Any:
    """The array at the bottom of a tracer; anything else as it is."""
    while isinstance(x, Tracer):
        x = x.inner
    return x


def top_tracer(arrays: Sequence[Array]) -> Tracer | None:
    """The tracer of the highest level among `arrays`, or None."""
    top = None
    for array in arrays:
        if isinstance(array, Tracer) and (top is None or array.level > top.level):
            top = array
    return top


@dataclass
class Differentiator:
    """How a Python function of arrays is differentiated. The `autograd` room fills it in."""

    vjp_of: Callable[..., tuple[Array, ...]] | None = None
    jvp_of: Callable[..., tuple[Array, ...]] | None = None


differentiator = Differentiator()
