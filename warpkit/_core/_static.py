"""Static arguments: hashable and serialisable values, never arrays."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._errors import wrong_type, wrong_value


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice that can be hashed, as Python's cannot before 3.12."""

    start: int | None
    stop: int | None
    step: int | None

    def thaw(self) -> slice:
        """Python's own slice."""
        return slice(self.start, self.stop, self.step)


_FROZEN = frozenset({str, int, float, bool, type(None)})


def freeze(value: Any, argument: str) -> Any:
    """Turn `value` into a static argument.

    Lists become tuples, NumPy scalars Python's, dtypes their names, slices :class:`Slice`.

    Raises
    ------
    TypeError
        If `value` is an array, or cannot be hashed.
    """
    if type(value) in _FROZEN:
        return value
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item, argument) for item in value)
    if isinstance(value, slice):
        return Slice(
            freeze(value.start, argument), freeze(value.stop, argument), freeze(value.step, argument)
        )
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value.item()
    try:
        hash(value)
    except TypeError:
        raise wrong_type(argument, "a hashable value (numbers, strings, tuples)", value) from None
    return value


def check_shape(shape: Any, argument: str = "shape", ndim: int | None = None) -> tuple[int, ...]:
    """Return `shape` as a tuple of non-negative integers.

    Raises
    ------
    TypeError
        If it is not a sequence of integers.
    ValueError
        If a length is negative, or there are not `ndim` of them.
    """
    if not isinstance(shape, (tuple, list)):
        raise wrong_type(argument, "a tuple of integers", shape)
    try:
        lengths = tuple(operator.index(length) for length in shape)
    except TypeError:
        raise TypeError(f"{argument}: expected integers, given {tuple(shape)}") from None
    if any(length < 0 for length in lengths):
        raise wrong_value(argument, "lengths of at least 0", lengths)
    if math.prod(lengths) >= 2**63:
        raise wrong_value(argument, "fewer than 2^63 elements", lengths)
    if ndim is not None and len(lengths) != ndim:
        raise wrong_value(argument, f"{ndim} lengths, one per spatial axis", lengths)
    return lengths
