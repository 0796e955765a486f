"""Which library an array belongs to, and what may be taken for an array.

This is the one place that knows CuPy, and it never imports it: whoever hands in a CuPy array has
imported it already.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import numpy as np
import numpy.ma  # not at the first call: a fork amid a late import leaves its lock held in the child

from ._errors import wrong_type, wrong_value
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


def is_plain(x: Any) -> bool:
    """Whether `x` is a NumPy array that can be used as it is: real numbers in the machine's byte order."""
    return type(x) is np.ndarray and x.dtype in _PLAIN


_REAL = "?bhilqBHILQefd"  # without long double, which has no compute type and differs between machines
_PLAIN = frozenset(np.dtype(char) for char in _REAL)  # in the machine's byte order


def as_array(x: Any, argument: str) -> Array:
    """Take `x` for an array: arrays as they are, numbers and nested lists through NumPy.

    Elements in the other byte order are turned into the machine's.

    Raises
    ------
    TypeError
        If `x` is of another library, is masked, or its elements are not real numbers of at most 64 bits.
    ValueError
        If `x` is a nested list whose rows differ in length.
    """
    if not is_array(x):
        if not isinstance(x, (bool, int, float, list, tuple, np.generic)):
            raise wrong_type(argument, "a NumPy or CuPy array (torch and JAX: warpkit.bridges)", x)
        try:
            x = np.asarray(x)
        except ValueError:
            raise wrong_value(argument, "rows of equal length", "a ragged list") from None
    if isinstance(x, np.ma.MaskedArray):
        raise wrong_type(argument, "an array without a mask (fill it first: array.filled)", x)
    if x.dtype.char not in _REAL:
        raise TypeError(f"{argument}: expected real numbers of at most 64 bits, given dtype {x.dtype}")
    return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))


def ndimage(x: Array) -> ModuleType:
    """SciPy's image filters for the library of `x`: ``scipy.ndimage``, or CuPy's counterpart of it."""
    return importlib.import_module("cupyx.scipy.ndimage" if is_cupy(x) else "scipy.ndimage")


def fft(x: Array) -> ModuleType:
    """The same for Fourier transforms, which stay in the precision of `x`."""
    return importlib.import_module("cupyx.scipy.fft" if is_cupy(x) else "scipy.fft")


def to_numpy(x: Array) -> np.ndarray:
    """A NumPy array with the values of `x`, copied from the GPU where needed."""
    return x.get() if is_cupy(x) else np.asarray(x)
