"""Whether two libraries did the same job."""

from __future__ import annotations

from pathlib import Path

import numpy as np

# How far a result may be from warpkit's: root mean square of the difference, relative to that of the result.
# Others compute coordinates in float32, where the test images change by a tenth from pixel to pixel: they are
# up to 3e-5 off. Half a pixel's shift makes 4e-2 or more, and edges treated differently 1e-2 or more.
OUTPUT_TOLERANCE = 1e-3
# Slopes at points that rounding takes across a pixel's centre, and sums of millions of terms in float32: up
# to 6e-3 on the largest images.
GRADIENT_TOLERANCE = 1e-2
# OpenCV before version 5 rounds positions to 1/32 pixel.
OPENCV_TOLERANCE = 5e-3


def tolerance(library: str, name: str) -> float:
    if library == "opencv":
        return OPENCV_TOLERANCE
    return OUTPUT_TOLERANCE if name == "out" else GRADIENT_TOLERANCE


def save(results: dict[str, np.ndarray], folder: Path) -> None:
    for name, array in results.items():
        np.save(folder / f"{name}.npy", array)


def differences(results: dict[str, np.ndarray], folder: Path) -> dict[str, float]:
    """By name, how far each result is from the one that was saved there; infinity for another shape."""
    return {name: difference(array, np.load(folder / f"{name}.npy")) for name, array in results.items()}


def difference(array: np.ndarray, expected: np.ndarray) -> float:
    """Root mean square of the difference, relative to that of what was expected."""
    if array.shape != expected.shape:
        return np.inf
    off = np.subtract(array, expected, dtype=np.float64).ravel()
    size = float(np.linalg.norm(expected.ravel().astype(np.float64)))
    distance = float(np.linalg.norm(off))
    return distance / size if size else distance


def mismatches(library: str, found: dict[str, float]) -> list[str]:
    """What to say of each result that is too far off, NaN included."""
    return [
        f"{name} differs by {off:.2g}, tolerance {tolerance(library, name):g}"
        for name, off in found.items()
        if not off <= tolerance(library, name)
    ]
