"""Means of a loss of the residuals: what some metrics share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from warpkit._core import Array, ArraySpec, wrong_value

from ._images import Gradients, Pair, check_images

Loss = Callable[..., Array]
"""Of residuals and static arguments: the loss of each, or its slope."""


def check_width(
    fixed: ArraySpec, moving: ArraySpec, weights: ArraySpec | None = None, *, width: float
) -> ArraySpec:
    """Check images and the width of a loss."""
    if not (isinstance(width, (int, float)) and 0 < width < math.inf):
        raise wrong_value("width", "a positive number, in units of the images' values", width)
    return check_images(fixed, moving, weights)


def mean_loss(loss: Loss, fixed: Array, moving: Array, weights: Array | None, **static: Any) -> Array:
    """The mean over channels and points."""
    pair = Pair.of(fixed, moving, weights)
    return pair.mean(loss(pair.moving - pair.fixed, **static)).mean(axis=1)


def loss_gradients(loss: Loss, slope: Loss) -> Gradients:
    """Its gradients."""

    def gradients(fixed, moving, weights=None, *, needs, **static):
        pair = Pair.of(fixed, moving, weights)
        residual = pair.moving - pair.fixed
        by_moving: Any = pair.share(slope(residual, **static)) if any(needs[:2]) else None
        by_weights = pair.by_weights(loss(residual, **static)) if any(needs[2:]) else None
        return -by_moving if needs[0] else None, by_moving, by_weights

    return gradients
