"""The checks that all sampling ops share; they run before any work, on specs alone."""

from __future__ import annotations

import math

import numpy as np

from warpkit._core import ArraySpec, check_choice, wrong_type, wrong_value
from warpkit.grids import FRAMES

from ._boundary import BOUNDARIES
from .kernels import get_kernel

WEIGHTED_DTYPES = ("float16", "float32", "float64", "uint8", "uint16", "int16")
"""Dtypes of images that values can be interpolated in. Others can only be copied, by "nearest"."""


_WEIGHTED = frozenset(np.dtype(name) for name in WEIGHTED_DTYPES)


def check_options(kernel: str, boundary: str, frame: str) -> None:
    """Raise a ValueError that names the option, unless all three are known."""
    get_kernel(kernel)
    check_choice("boundary", boundary, BOUNDARIES)
    check_choice("frame", frame, FRAMES)


def check_dimensions(argument: str, image: ArraySpec, grid: ArraySpec) -> int:
    """Check that an image (or values) and a grid fit together; return the number of spatial axes."""
    if not 3 <= image.ndim <= 5:
        raise wrong_value(argument, "shape (n, c, *spatial) with 1 to 3 spatial axes", f"shape {image.shape}")
    ndim = image.ndim - 2
    if grid.ndim < 2 or grid.shape[-1] != ndim:
        raise wrong_value(
            "grid",
            f"a last axis of length {ndim}, for {argument} of shape {image.shape}",
            f"shape {grid.shape}",
        )
    return ndim


def check_batch(argument: str, n: int, grid: ArraySpec) -> int:
    """Check that two batches are equal or one of them is 1; return the larger (0 beside 1 is 0)."""
    m = grid.shape[0]
    if n != m and 1 not in (n, m):
        raise wrong_value("grid", f"a batch of {n}, that of {argument}, or of 1", f"a batch of {m}")
    return m if n == 1 else n


def check_derivative(
    derivative: tuple[int, ...] | None, ndim: int, argument: str = "derivative"
) -> tuple[int, ...]:
    """The orders of derivative, one per coordinate; None is no derivative."""
    if derivative is None:
        return (0,) * ndim
    integers = isinstance(derivative, tuple) and all(type(k) is int and k >= 0 for k in derivative)
    if not integers or len(derivative) != ndim:
        raise wrong_value(argument, f"{ndim} non-negative integers, in the order (x, y[, z])", derivative)
    return derivative


def check_fill_value(fill_value: float, image: ArraySpec) -> None:
    """A fill value is a number that the image can hold."""
    if not isinstance(fill_value, (int, float)):
        raise wrong_type("fill_value", "a number", fill_value)
    kind = image.dtype.kind
    if kind == "f":
        if abs(fill_value) > float(np.finfo(image.dtype).max) and fill_value not in (math.inf, -math.inf):
            raise wrong_value("fill_value", f"a number that {image.dtype} can hold", fill_value)
        return
    limits = (0, 1) if kind == "b" else (np.iinfo(image.dtype).min, np.iinfo(image.dtype).max)
    if not limits[0] <= fill_value <= limits[1] or fill_value % 1:  # False for NaN
        raise wrong_value("fill_value", f"an integer that {image.dtype} can hold", fill_value)


def check_interpolable(argument: str, image: ArraySpec, kernel: str) -> None:
    """Weights need a dtype that can be computed in; "nearest" copies any."""
    if kernel != "nearest" and image.dtype not in _WEIGHTED:
        raise TypeError(
            f"{argument}: expected one of {', '.join(WEIGHTED_DTYPES)} for kernel {kernel!r}, "
            f"given {image.dtype}"
        )


def raised(derivative: tuple[int, ...] | None, ndim: int, axis: int) -> tuple[int, ...]:
    """The multi-index with the order along coordinate `axis` raised by one."""
    orders = (0,) * ndim if derivative is None else derivative
    return tuple(k + (d == axis) for d, k in enumerate(orders))
