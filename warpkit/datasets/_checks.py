"""What the distortions ask of their arguments."""

from __future__ import annotations

import numpy as np

from warpkit._core import wrong_type, wrong_value


def check_images(images: np.ndarray) -> np.ndarray:
    """Return images (n, c, height, width) as float32, or raise a ValueError or TypeError."""
    if not isinstance(images, np.ndarray):
        raise wrong_type("images", "a NumPy array", images)
    if images.ndim != 4:
        raise wrong_value("images", "shape (n, c, height, width)", f"shape {images.shape}")
    if 0 in images.shape[2:]:
        raise wrong_value("images", "at least one pixel along every axis", f"shape {images.shape}")
    if images.dtype.kind != "f":
        raise TypeError(f"images: expected a floating dtype, given {images.dtype}")
    return images.astype(np.float32, copy=False)


def check_range(argument: str, given: tuple[float, float], least: float = -np.inf) -> tuple[float, float]:
    """Return (low, high), or raise a ValueError unless they are finite and least < low <= high."""
    low, high = given
    if not (np.isfinite([low, high]).all() and least < low <= high):
        above = "" if least == -np.inf else f" above {least:g}"
        raise wrong_value(argument, f"two finite numbers{above}, the smaller one first", given)
    return float(low), float(high)


def check_sigma(sigma: float) -> float:
    """Return a standard deviation, or raise a ValueError."""
    if not 0 <= sigma < np.inf:
        raise wrong_value("sigma", "a finite number of pixels, at least 0", sigma)
    return float(sigma)
