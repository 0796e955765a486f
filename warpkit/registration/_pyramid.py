r"""Pyramids: an image at full size, at half, at a quarter, ...

Before every second pixel is taken an image is blurred by a Gaussian, lest what is too fine for the coarser
image show there as something else. Where weights are 0 there is nothing: a weighted blur,

.. math:: \frac{G * (w\,I)}{G * w},

does not let it into its surroundings (H. Knutsson, C.-F. Westin, "Normalized and differential convolution",
CVPR 1993, eq. (7)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    finest_sigma: float = FINEST_SIGMA,
) -> list[Level]:
    """Levels from the finest to the coarsest: at most `levels`, fewer where the image is too small."""
    finest = Level(image.astype("float32"), None if weights is None else weights.astype("float32"), to_space)
    pyramid = [_blurred(finest, finest_sigma)]
    last = finest
    while levels is None or len(pyramid) < levels:
        steps = [2 if length >= 2 * SHORTEST[len(last.shape)] else 1 for length in last.shape]
        if set(steps) == {1}:
            break
        last = _every(steps, _blurred(last, [SIGMA if step == 2 else 0.0 for step in steps]))
        pyramid.append(last)
    return pyramid


def _blurred(level: Level, sigma: float | list[float]) -> Level:
    blur = ndimage(level.image).gaussian_filter
    sigmas = [sigma] * len(level.shape) if isinstance(sigma, float) else sigma
    if level.weights is None:
        return Level(blur(level.image, [0, *sigmas], mode="nearest"), None, level.to_space)
    xp = namespace(level.image)
    inside = xp.where(level.weights > 0, level.image, 0)  # what counts for nothing may be NaN
    near = blur(level.weights, sigmas, mode="nearest")
    image = blur(level.weights * inside, [0, *sigmas], mode="nearest") / xp.maximum(near, 1e-6)
    return Level(image, xp.where(level.weights > 0, near, 0), level.to_space)


def _every(steps: list[int], level: Level) -> Level:
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
    shape = [part for n in whole.shape for part in (n // length, length)]
    return whole.reshape(shape).mean(axis=tuple(range(1, 2 * whole.ndim, 2)))
