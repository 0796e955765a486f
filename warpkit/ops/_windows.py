"""Windows that slide over the spatial axes: what convolution and pooling share."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, check_shape, namespace, wrong_type, wrong_value

PerAxis = int | tuple[int, ...]
"""One number for all spatial axes, or one for each, in their order in the array."""


def check_image(image: ArraySpec, argument: str = "image") -> int:
    """Return the number of spatial axes of (n, c, *spatial), and raise an error unless it is 1, 2 or 3."""
    if image.ndim not in (3, 4, 5):
        raise wrong_value(
            argument, "shape (n, c, *spatial) with 1, 2 or 3 spatial axes", f"shape {image.shape}"
        )
    if not image.differentiable:
        raise TypeError(f"{argument}: expected a floating dtype, given {image.dtype}")
    return image.ndim - 2


def per_axis(value: Any, ndim: int, argument: str, least: int = 1) -> tuple[int, ...]:
    """One integer for all spatial axes, or one for each, as a tuple.

    Raises
    ------
    TypeError
        If these are not integers.
    ValueError
        If there are not `ndim` of them, or one is below `least`.
    """
    given = value if isinstance(value, (tuple, list)) else (value,) * ndim
    try:
        numbers = tuple(operator.index(number) for number in given)
    except TypeError:
        raise wrong_type(argument, "an integer or a tuple of integers", value) from None
    if len(numbers) != ndim or min(numbers) < least:
        raise wrong_value(argument, f"an integer of at least {least}, or {ndim} of them", value)
    return numbers


def count_windows(
    shape: tuple[int, ...],
    window: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...] | None = None,
    dilation: tuple[int, ...] | None = None,
) -> tuple[int, ...]:
    r"""How many windows fit along each axis: :math:`\lfloor (s + 2p - d (w - 1) - 1) / t \rfloor + 1`.

    Raises
    ------
    ValueError
        If not even one fits.
    """
    ndim = len(shape)
    padded = [s + 2 * p for s, p in zip(shape, padding or (0,) * ndim, strict=True)]
    extent = [d * (w - 1) + 1 for w, d in zip(window, dilation or (1,) * ndim, strict=True)]
    if any(e > s for s, e in zip(padded, extent, strict=True)):
        raise wrong_value(
            "image", f"at least {tuple(extent)} elements for one window", f"{shape}, padded {padded}"
        )
    return tuple((s - e) // t + 1 for s, e, t in zip(padded, extent, stride, strict=True))


def offset_slices(
    window: tuple[int, ...],
    stride: tuple[int, ...],
    count: tuple[int, ...],
    dilation: tuple[int, ...] | None = None,
) -> Iterator[tuple[slice, ...]]:
    """For each element of the window, in row-major order: where it meets the image, over all windows."""
    steps = dilation or (1,) * len(window)
    for offset in itertools.product(*(range(w) for w in window)):
        yield tuple(
            slice(o * d, o * d + t * (m - 1) + 1, t)
            for o, d, t, m in zip(offset, steps, stride, count, strict=True)
        )


def pool_windows(
    shape: tuple[int, ...], window: PerAxis, stride: PerAxis | None
) -> tuple[tuple[int, ...], list[tuple[slice, ...]]]:
    """How many windows there are along each axis, and :func:`offset_slices` in (n, c, *spatial)."""
    ndim = len(shape)
    window = per_axis(window, ndim, "window")
    stride = window if stride is None else per_axis(stride, ndim, "stride")
    count = count_windows(shape, window, stride)
    return count, [(slice(None), slice(None), *where) for where in offset_slices(window, stride, count)]


def pooled_spec(image: ArraySpec, window: PerAxis, stride: PerAxis | None) -> ArraySpec:
    """One element per window."""
    check_image(image)
    return ArraySpec((*image.shape[:2], *pool_windows(image.shape[2:], window, stride)[0]), image.dtype)


def unpooled_spec(
    values: ArraySpec, shape: tuple[int, ...], window: PerAxis, stride: PerAxis | None
) -> ArraySpec:
    """The image that was pooled to `values`."""
    ndim = check_image(values, "values")
    image = ArraySpec((*values.shape[:2], *check_shape(shape, ndim=ndim)), values.dtype)
    expected = pooled_spec(image, window, stride)
    if values.shape != expected.shape:
        raise wrong_value(
            "values", f"shape {expected.shape}, one element per window", f"shape {values.shape}"
        )
    return image


def unpooled_zeros(values: Array, shape: tuple[int, ...]) -> Array:
    """Zeros (n, c, *shape), their axes in memory in the order of those of `values`."""
    return namespace(values).zeros_like(values, shape=(*values.shape[:2], *shape))


def pool_samples(rng: np.random.Generator) -> Iterator[Sample]:
    """Images of which no two values are nearly equal, and how they are pooled."""
    cases: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        ((7,), {"window": 3, "stride": 2}),
        ((4, 5), {"window": (2, 2), "stride": None}),
        ((4, 5), {"window": (3, 2), "stride": 1}),
        ((4, 2, 3), {"window": 2, "stride": (2, 1, 1)}),
    ]
    for shape, how in cases:
        values = rng.permutation(2 * 2 * math.prod(shape)) / 10.0
        yield Sample((values.reshape(2, 2, *shape),), how)
