"""The types that signatures speak of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""A NumPy array, a CuPy array, or a tracer that stands for one.

A parameter of an op's body annotated ``Array`` is an array argument of that op; every other
parameter is static.
"""


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """What is known of an array before it is computed: its shape and its dtype."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, array: Array) -> ArraySpec:
        """The spec of an array or tracer."""
        return cls(array.shape, array.dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def differentiable(self) -> bool:
        """Whether a derivative exists with respect to such an array: floating dtypes only."""
        return self.dtype.kind == "f"

    def with_dtype(self, dtype: Any) -> ArraySpec:
        """The same shape with another dtype."""
        return ArraySpec(self.shape, np.dtype(dtype))


@dataclass(frozen=True, slots=True)
class Sample:
    """One set of arguments of an op, for the sweeps that test every op alike."""

    arrays: tuple[Array, ...]
    static: dict[str, Any]
    smooth: bool = True
    """False where a derivative does not exist everywhere near the arguments."""
