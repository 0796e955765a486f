"""Which matrices have an inverse. Values are looked at, derivatives pass by."""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, plain, to_numpy

LARGEST_CONDITION_NUMBER = 1e14
"""Beyond this float64 leaves no more than two digits of an inverse."""


def check_invertible(argument: str, matrices: Array) -> None:
    """Raise a ValueError that names the first singular matrix and its condition number; NaN may pass."""
    for i, matrix in enumerate(to_numpy(plain(matrices)).astype(np.float64)):
        if not np.isfinite(matrix).all():
            continue
        singular_values = np.linalg.svd(matrix, compute_uv=False)
        largest, smallest = float(singular_values[0]), float(singular_values[-1])
        condition_number = largest / smallest if smallest > 0 else np.inf
        if not condition_number <= LARGEST_CONDITION_NUMBER:
            raise ValueError(
                f"{argument}[{i}]: expected an invertible matrix, given {matrix.tolist()} "
                f"(condition number {condition_number:.3g})"
            )


def check_scale(scale: Array) -> None:
    """Raise a ValueError that names the first scale of zero."""
    zero = to_numpy(plain(scale)) == 0
    if zero.any():
        i = int(np.argmax(zero))
        raise ValueError(
            f"scale[{i}]: expected a scale other than 0 to invert, given 0.0 (condition number inf)"
        )
