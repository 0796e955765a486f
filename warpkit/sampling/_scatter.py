"""Push: add values to an image at a grid's taps. The adjoint of gather."""

from __future__ import annotations

import math

import numpy as np

from warpkit._core import Array, namespace

from ._gather import compute_dtype
from ._taps import Taps


def scatter(values: Array, taps: Taps, shape: tuple[int, ...]) -> Array:
    """Weighted sums over the points that touch each pixel.

    Parameters
    ----------
    values : array, shape (n, c, m)
        What each point gives; n may be 1 for any number of grids.
    taps : Taps
        Of n (or 1) times m points.
    shape : tuple of int
        Spatial shape of the image.

    Returns
    -------
    array, shape (n, c, *shape)
        Added up in float64, per pixel in row-major order of the points, and rounded once.
    """
    xp = namespace(values)
    answered = taps.answered
    n = max(values.shape[0], answered.shape[0]) if values.shape[0] and answered.shape[0] else 0
    channels, m = values.shape[1:]
    size = math.prod(shape)
    dtype, out_dtype = compute_dtype(values.dtype), values.dtype
    tap_list = list(taps)
    if not tap_list or n * channels * m * size == 0:
        return xp.zeros((n, channels, *shape), dtype=values.dtype)
    values = xp.broadcast_to(values.astype(dtype, copy=False), (n, channels, m))
    planes = (xp.arange(n * channels) * size).reshape(n, channels, 1)
    where, what = [], []
    for tap in tap_list:
        used = (
            answered & (tap.weight != 0) if tap.inside is None else answered & (tap.weight != 0) & tap.inside
        )
        with np.errstate(invalid="ignore", over="ignore"):
            product = values * (tap.weight * xp.asarray(taps.factor, dtype=dtype))[:, None]
        what.append(xp.where(used[:, None], product, 0))
        where.append(planes + xp.broadcast_to(tap.pixel, (n, m))[:, None])
    # The taps of one point stand side by side, so that every pixel is summed in the order of the points.
    index = xp.stack(where, axis=-1).reshape(-1)
    weight = xp.stack(what, axis=-1).reshape(-1)
    total = xp.bincount(index, weights=weight, minlength=n * channels * size)
    return total.reshape(n, channels, *shape).astype(out_dtype)
