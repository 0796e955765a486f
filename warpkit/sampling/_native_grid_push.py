"""The compiled kernels of ``grid_push`` and its vjp, for NumPy arrays.

They return ``NotImplemented`` where no compiled kernel fits, and the array code of the op does the work.
"""

from __future__ import annotations

from types import NotImplementedType
from typing import Any

import numpy as np

from ._native_arguments import is_floating
from ._native_grid_sample import coordinate_cotangent, pull, push_onto


def push(
    values: Any, grid: Any, *, shape: tuple[int, ...], **options: Any
) -> np.ndarray | NotImplementedType:
    """Compiled ``grid_push``: values (n, c, *points) added to images (n, c, *shape)."""
    if not is_floating(values) or not is_floating(grid):
        return NotImplemented
    return push_onto(values, grid, (_batch(values, grid), values.shape[1], *shape), **options)


def push_vjp(
    ct_out: Any, values: Any, grid: Any, *, needs: tuple[bool, bool], shape: tuple[int, ...], **options: Any
) -> tuple[np.ndarray | None, np.ndarray | None] | NotImplementedType:
    """Cotangents of values and grid: the pull of `ct_out`, and its slopes times the values."""
    del shape
    if not (is_floating(values) and is_floating(grid) and is_floating(ct_out)):
        return NotImplemented
    if ct_out.dtype != values.dtype or ct_out.shape[:2] != (_batch(values, grid), values.shape[1]):
        return NotImplemented
    ct_values = ct_grid = None
    if needs[0]:
        ct_values = pull(ct_out, grid, fill_value=0.0, **options)
        if ct_values is NotImplemented:
            return NotImplemented
        if values.shape[0] == 1 and ct_values.shape[0] != 1:
            ct_values = ct_values.sum(axis=0, keepdims=True, dtype=np.float64).astype(values.dtype)
    if needs[1]:
        ct_grid = coordinate_cotangent(values, ct_out, grid, **options)
        if ct_grid is NotImplemented:
            return NotImplemented
    return ct_values, ct_grid


def _batch(values: np.ndarray, grid: np.ndarray) -> int:
    return grid.shape[0] if values.shape[0] == 1 else values.shape[0]
