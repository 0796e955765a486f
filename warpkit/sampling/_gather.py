"""Pull: read an image at a grid's taps. The reference for every compiled kernel, for forward bits too."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from warpkit._core import Array, namespace

from ._taps import Taps


def compute_dtype(dtype: Any) -> np.dtype[Any]:
    """The dtype that values and weights of an image are multiplied in."""
    dtype = np.dtype(dtype)
    return np.dtype(np.float64) if dtype == np.float64 else np.dtype(np.float32)


def gather(image: Array, taps: Taps, fill_value: float) -> Array:
    """Weighted sums over taps.

    Parameters
    ----------
    image : array, shape (n, c, *spatial)
        The values; n may be 1 for any number of grids.
    taps : Taps
        Of n (or 1) times m points.
    fill_value : float
        What taps outside read.

    Returns
    -------
    array, shape (n, c, m)
        In the compute dtype, or the image's own where a single tap of weight 1 is copied. NaN where a point
        has no answer, 0 in dtypes without NaN.
    """
    xp = namespace(image)
    n = max(image.shape[0], taps.answered.shape[0]) if image.shape[0] and taps.answered.shape[0] else 0
    channels, m = image.shape[1], taps.answered.shape[1]
    n_pixels = math.prod(image.shape[2:])
    flat = xp.broadcast_to(image.reshape(*image.shape[:2], n_pixels), (n, channels, n_pixels))
    copies = all(len(axis) == 1 for axis in taps.axes) and taps.factor == 1
    dtype = image.dtype if copies else compute_dtype(image.dtype)
    out = xp.full(
        (n, channels, m), -0.0 if dtype.kind == "f" else 0, dtype=dtype
    )  # -0.0 + v has the bits of v
    fill = xp.asarray(fill_value, dtype=image.dtype).astype(dtype)  # a pixel like any other
    if not all(taps.axes):
        out = xp.zeros((n, channels, m), dtype=dtype)
    for tap in taps:
        pixel = xp.broadcast_to(tap.pixel, (n, m))[:, None]
        value = xp.take_along_axis(flat, pixel, axis=2).astype(dtype, copy=False)
        if tap.inside is not None:
            value = xp.where(tap.inside[:, None], value, fill)
        if copies:
            out = value
        else:
            with np.errstate(invalid="ignore", over="ignore"):  # what a tap of weight zero holds is not used
                out = xp.where(tap.weight[:, None] != 0, out + tap.weight[:, None] * value, out)
    if taps.factor != 1:
        with np.errstate(invalid="ignore", over="ignore"):  # as above: infinities of the image
            out = out * xp.asarray(taps.factor, dtype=dtype)
    no_answer = np.nan if dtype.kind == "f" else 0
    return xp.where(taps.answered[:, None], out, xp.asarray(no_answer, dtype=dtype))


def to_image_dtype(values: Array, dtype: Any) -> Array:
    """Values in an image's dtype; for integers rounded half to even and saturated, NaN to 0."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f" or values.dtype == dtype:
        return values.astype(dtype, copy=False)
    xp = namespace(values)
    limits = np.iinfo(dtype)
    values = xp.where(xp.isnan(values), 0, values)
    return xp.clip(xp.rint(values), limits.min, limits.max).astype(dtype)
