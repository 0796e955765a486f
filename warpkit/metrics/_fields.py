"""Finite differences of displacement fields: what regularisers share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, namespace, wrong_value

Spacing = float | tuple[float, ...]

Stencil = list[tuple[tuple[int, ...], float]]
"""Offsets along the spatial axes, in their order in the array, and factors of the values there."""


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


def first_differences(spacing: tuple[float, ...]) -> list[tuple[float, Stencil]]:
    """The difference of neighbours along each axis, each with weight 1."""
    ndim = len(spacing)
    return [(1.0, [((0,) * ndim, -1 / h), (_unit(ndim, a), 1 / h)]) for a, h in enumerate(spacing)]


def second_differences(spacing: tuple[float, ...]) -> list[tuple[float, Stencil]]:
    """All second differences; mixed ones have weight 2, for there are two of each."""
    ndim = len(spacing)
    found = []
    for a, b in itertools.combinations_with_replacement(range(ndim), 2):
        e, g, scale = _unit(ndim, a), _unit(ndim, b), 1 / (spacing[a] * spacing[b])
        both = tuple(x + y for x, y in zip(e, g, strict=True))
        corner: Stencil = [((0,) * ndim, scale), (both, scale)]
        sides: Stencil = [(e, -2 * scale)] if a == b else [(e, -scale), (g, -scale)]
        found.append((1.0 if a == b else 2.0, corner + sides))
    return found


def _unit(ndim: int, axis: int) -> tuple[int, ...]:
    return tuple(int(a == axis) for a in range(ndim))


def apply_stencils(
    field: Array, stencils: list[tuple[float, Stencil]]
) -> Iterator[tuple[float, Array, list[tuple[Any, float]]]]:
    """For each stencil that fits: its weight, divided by the number of its places; its values; and its taps.

    The taps are the parts of the field that its values are made of, with their factors.
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
        values = sum(field[part] * factor for part, factor in taps)
        yield weight / math.prod(places), values, taps


def mean_squares(field: Array, stencils: list[tuple[float, Stencil]]) -> Array:
    """The weighted sum of the mean squares of the stencils' values, (n,), in float64."""
    xp = namespace(field)
    total = xp.zeros(field.shape[0])
    for weight, values, _ in apply_stencils(field, stencils):
        total += weight * (values * values).reshape((field.shape[0], math.prod(values.shape[1:]))).sum(
            axis=1, dtype=np.float64
        )
    return total


def squared_stencils(field: Array, stencils: list[tuple[float, Stencil]]) -> Array:
    """The stencils followed by their adjoints: half the derivative of their mean squares."""
    out = namespace(field).zeros(field.shape, field.dtype)
    for weight, values, taps in apply_stencils(field, stencils):
        for part, factor in taps:
            out[part] += values * (factor * weight)
    return out
