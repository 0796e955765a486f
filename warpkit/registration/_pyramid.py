r"""Pyramids: an image at full size, at half, at a quarter, ...

Before every second pixel is taken an image is blurred by a Gaussian, lest what is too fine for the coarser
image show there as something else. Where weights are 0 there is nothing: a weighted blur,

.. math:: \frac{G * (w\,I)}{G * w},

does not let it into its surroundings (H. Knutsson, C.-F. Westin, "Normalized and differential convolution",
CVPR 1993, eq. (7)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from warpkit._core import Array, namespace, ndimage

from ._matrix_groups import scaling

SIGMA = 1.0  # pixels: of the blur before every second pixel is taken
FINEST_SIGMA = 0.8  # pixels: at full size, against noise and the unevenness of interpolation
SHORTEST = {2: 64, 3: 24}  # pixels, by the number of dimensions: no axis is made shorter


@dataclass(frozen=True, eq=False)
class Level:
    """An image at one size.

    Attributes
    ----------
    image : array of float32 (c, *spatial)
        The channels.
    weights : array of float32 (*spatial), or None
        From 0 to 1; None says 1 everywhere.
    to_space : ndarray (ndim + 1, ndim + 1)
        From pixels of this level to the coordinates that transforms are in, as (x, y[, z], 1).
    """

    image: Array
    weights: Array | None
    to_space: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial shape."""
        return tuple(self.image.shape[1:])


def make_pyramid(
    image: Array,
    weights: Array | None,
    to_space: np.ndarray,
    levels: int | None = None,
    *,
    finest_sigma: float = FINEST_SIGMA,
    finest_level: int = 0,
) -> list[Level]:
    """Levels from the finest to the coarsest: at most `levels`, fewer where the image is too small.

    The finest one is blurred by `finest_sigma`; if the search ends on a coarser one, it is left as it is.
    """
    image = image.astype("float32", copy=False)
    last = Level(image, None if weights is None else weights.astype("float32", copy=False), to_space)
    axes = len(last.shape)
    pyramid = [last if finest_level > 0 else blurred(last, [finest_sigma] * axes, [1] * axes)]
    while levels is None or len(pyramid) < levels:
        steps = [2 if length >= 2 * SHORTEST[len(last.shape)] else 1 for length in last.shape]
        if set(steps) == {1}:
            break
        last = blurred(last, [SIGMA if step == 2 else 0.0 for step in steps], steps)
        pyramid.append(last)
    return pyramid


def depth(shape: tuple[int, ...]) -> int:
    """How many levels there are of an image of that spatial shape."""
    count, longest = 1, max(shape)
    while longest >= 2 * SHORTEST[len(shape)]:
        count, longest = count + 1, -(-longest // 2)
    return count


def blurred(level: Level, sigmas: Sequence[float], steps: Sequence[int]) -> Level:
    """Every n-th pixel along each axis, n from `steps`, of the level after a blur."""
    xp, blur_along = namespace(level.image), ndimage(level.image).gaussian_filter1d

    def blur(images: Array) -> Array:
        # What is not taken along an axis is not blurred along the others.
        for axis, (sigma, step) in enumerate(zip(sigmas, steps, strict=True), 1):
            if sigma > 0:
                images = blur_along(images, sigma, axis, mode="nearest")
            images = images[(slice(None),) * axis + (slice(None, None, step),)]
        return xp.ascontiguousarray(images)

    some = _every(steps, level)
    if level.weights is None:
        return replace(some, image=blur(level.image))
    inside = xp.where(level.weights > 0, level.image, 0)  # what counts for nothing may be NaN
    near = blur(level.weights[None])[0]
    image = blur(level.weights * inside) / xp.maximum(near, 1e-6)
    taken: Any = some.weights
    return Level(image, xp.where(taken > 0, near, 0), some.to_space)


def _every(steps: Sequence[int], level: Level) -> Level:
    """Every n-th pixel along each axis, n from `steps`, from the first on."""
    some = tuple(slice(None, None, step) for step in steps)
    xp = namespace(level.image)
    weights = None if level.weights is None else xp.ascontiguousarray(level.weights[some])
    to_space = level.to_space @ scaling([float(step) for step in steps[::-1]])
    return Level(xp.ascontiguousarray(level.image[(slice(None), *some)]), weights, to_space)


def thinned(level: Level, most: int) -> Level:
    """At most so many pixels: along the axes that have most, every second, every third, ..."""
    steps, left = [1] * len(level.shape), list(level.shape)
    while math.prod(left) > most:
        axis = left.index(max(left))
        steps[axis] += 1
        left[axis] = -(-level.shape[axis] // steps[axis])
    return level if max(steps) == 1 else _every(steps, level)


def in_blocks(image: Array, length: int) -> Array:
    """Means of blocks, in float64; what is left over at the end of an axis is left out."""
    whole = image[tuple(slice(n // length * length) for n in image.shape)].astype("float64")
    if length == 1:
        return whole
    for axis in range(whole.ndim):
        before = (slice(None),) * axis
        whole = sum(whole[(*before, slice(k, None, length))] for k in range(length)) / length
    return whole
