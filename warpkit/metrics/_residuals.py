"""Means of a loss of residuals: what the robust metrics share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from warpkit._core import Array, ArraySpec, wrong_value

from ._images import Gradients, Pair, check_images

Loss = Callable[[Array, float], Array]
"""Of residuals and a width: the loss of each, or its slope."""


def check_width(
    fixed: ArraySpec, moving: ArraySpec, weights: ArraySpec | None = None, *, width: float
) -> ArraySpec:
    """Check images and the width of a loss."""
    if not (isinstance(width, (int, float)) and 0 < width < math.inf):
        raise wrong_value("width", "a positive number, in units of the images' values", width)
    return check_images(fixed, moving, weights)


def mean_loss(loss: Loss, fixed: Array, moving: Array, weights: Array | None, width: float) -> Array:
    """The mean over channels and points."""
    pair = Pair.of(fixed, moving, weights)
    return pair.mean(loss(pair.moving - pair.fixed, width)).mean(axis=1)


def loss_gradients(loss: Loss, slope: Loss) -> Gradients:
    """Its gradients."""

    def gradients(
        fixed: Array, moving: Array, weights: Array | None = None, *, needs: Any, width: float
    ) -> tuple[Array | None, ...]:
        pair = Pair.of(fixed, moving, weights)
        residual = pair.moving - pair.fixed
        by_moving = pair.share(slope(residual, width)) if any(needs[:2]) else None
        return (
            -by_moving if needs[0] else None,
            by_moving,
            pair.by_weights(loss(residual, width)) if needs[2:] == (True,) else None,
        )

    return gradients
