"""Which library an array belongs to, and what may be taken for an array.

This is the one place that knows CuPy, and it never imports it: whoever hands in a CuPy array has
imported it already.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np

from ._errors import wrong_type
from ._types import Array


def is_cupy(x: Any) -> bool:
    """Whether `x` is a CuPy array, without importing CuPy."""
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(x, cupy.ndarray)


def is_array(x: Any) -> bool:
    """Whether `x` is a NumPy or CuPy array."""
    return isinstance(x, np.ndarray) or is_cupy(x)


def namespace(*arrays: Array) -> ModuleType:
    """The library, NumPy or CuPy, that all of `arrays` belong to.

    Raises
    ------
    TypeError
        If NumPy and CuPy arrays are mixed: copying between a GPU and its host is the caller's
        decision, never a side effect.
    """
    on_gpu = [is_cupy(array) for array in arrays]
    if not any(on_gpu):
        return np
    if not all(on_gpu):
        raise TypeError(
            "arrays of one library: expected all NumPy or all CuPy, given "
            + ", ".join("CuPy" if gpu else "NumPy" for gpu in on_gpu)
            + "; move them with cupy.asarray or cupy.asnumpy"
        )
    return sys.modules["cupy"]


def as_array(x: Any, argument: str) -> Array:
    """Take `x` for an array: arrays as they are, numbers and nested lists through NumPy.

    Raises
    ------
    TypeError
        If `x` is of another library, or its elements are not real numbers.
    """
    if not is_array(x):
        if not isinstance(x, (bool, int, float, list, tuple, np.generic)):
            raise wrong_type(argument, "a NumPy or CuPy array (torch and JAX: warpkit.bridges)", x)
        x = np.asarray(x)
    if x.dtype.kind not in "biuf":
        raise TypeError(f"{argument}: expected real numbers, given dtype {x.dtype}")
    return x


def to_numpy(x: Array) -> np.ndarray:
    """A NumPy array with the values of `x`, copied from the GPU where needed."""
    return x.get() if is_cupy(x) else np.asarray(x)
