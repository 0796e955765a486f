"""Finite differences of displacement fields: what regularisers share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, namespace, wrong_value

Spacing = float | tuple[float, ...]

Stencil = tuple[float, list[tuple[tuple[int, ...], int]]]
"""The weight of a difference's square, and its taps: offsets along the array's spatial axes, and factors."""


def check_field(field: ArraySpec, spacing: Spacing) -> int:
    """Return the number of spatial axes of a field, and raise an error where it is none."""
    ndim = field.ndim - 2
    if not 1 <= ndim <= 3 or field.shape[-1] != ndim:
        expected = "shape (n, *shape, ndim) with ndim lengths in shape"
        raise wrong_value("field", expected, f"shape {field.shape}")
    if not field.differentiable:
        raise TypeError(f"field: expected a floating dtype, given {field.dtype}")
    lengths = spacing if isinstance(spacing, tuple) else (spacing,)
    positive = all(isinstance(h, (int, float)) and 0 < h < math.inf for h in lengths)
    if not positive or (isinstance(spacing, tuple) and len(spacing) != ndim):
        expected = f"a positive number, or {ndim} of them, along x, y and z"
        raise wrong_value("spacing", expected, spacing)
    return ndim


def spacing_of_axes(spacing: Spacing, ndim: int) -> tuple[float, ...]:
    """Distances of pixels along the spatial axes, in their order in the array: z, y, x."""
    return spacing[::-1] if isinstance(spacing, tuple) else (spacing,) * ndim


def first_differences(spacing: tuple[float, ...]) -> list[Stencil]:
    """The difference of neighbours along each axis."""
    ndim = len(spacing)
    return [(h**-2, [(_unit(ndim, a), 1), ((0,) * ndim, -1)]) for a, h in enumerate(spacing)]


def second_differences(spacing: tuple[float, ...]) -> list[Stencil]:
    """All second differences; mixed ones count twice, for there are two of each."""
    ndim = len(spacing)
    found: list[Stencil] = []
    for a, b in itertools.combinations_with_replacement(range(ndim), 2):
        e, g = _unit(ndim, a), _unit(ndim, b)
        both = tuple(x + y for x, y in zip(e, g, strict=True))
        sides = [(e, -2)] if a == b else [(e, -1), (g, -1)]
        weight = (1 if a == b else 2) * (spacing[a] * spacing[b]) ** -2
        found.append((weight, [((0,) * ndim, 1), (both, 1), *sides]))
    return found


def _unit(ndim: int, axis: int) -> tuple[int, ...]:
    return tuple(int(a == axis) for a in range(ndim))


def differences(
    field: Array, stencils: list[Stencil]
) -> Iterator[tuple[float, Array, list[tuple[Any, int]]]]:
    """For each stencil that fits: its weight, over the number of its places; its differences; its taps.

    Taps are told as the parts of the field that the differences are made of, with their factors.
    """
    shape = field.shape[1:-1]
    for weight, stencil in stencils:
        reach = [max(offset[a] for offset, _ in stencil) for a in range(len(shape))]
        places = [length - most for length, most in zip(shape, reach, strict=True)]
        if min(places) < 1:
            continue
        taps = []
        for offset, factor in stencil:
            part = tuple(slice(o, o + n) for o, n in zip(offset, places, strict=True))
            taps.append(((slice(None), *part), factor))
        values = field[taps[0][0]].copy()
        for part, factor in taps[1:]:
            add_multiple(values, field[part], factor)
        yield weight / math.prod(places), values, taps


def add_multiple(out: Array, x: Array, factor: int) -> None:
    """Add a multiple; of 1 and -1 without a product."""
    if factor == 1:
        out += x
    elif factor == -1:
        out -= x
    else:
        out += x * factor


def mean_squares(field: Array, stencils: list[Stencil]) -> Array:
    """The sum of the mean squares of the differences, weighted, (n,), in float64."""
    n = field.shape[0]
    total = namespace(field).zeros(n)
    for weight, values, _ in differences(field, stencils):
        values *= values
        total += weight * values.reshape((n, math.prod(values.shape[1:]))).sum(axis=1, dtype=np.float64)
    return total


def squared_stencils(field: Array, stencils: list[Stencil]) -> Array:
    """The stencils followed by their adjoints: half the derivative of their mean squares."""
    out = namespace(field).zeros(field.shape, field.dtype)
    for weight, values, taps in differences(field, stencils):
        values *= weight
        for part, factor in taps:
            add_multiple(out[part], values, factor)
    return out
