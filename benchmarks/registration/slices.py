"""Slices of brains: copies of one that were moved by known amounts, and two of different people.

The files are from ITK's and ANTs' examples. How the copies were made is in their names: shifted by 13 and 17
pixels; turned by 10 degrees, about no known place; and made larger by 1.2.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import warpkit as wk

from ..data import data_folder

Row = dict[str, str]

BRAIN = "BrainProtonDensity"
COPIES = ("Translated13x17y", "TranslatedR1013x17y", "TranslatedR1013x17yS12")


def read_slice(folder: str, name: str) -> np.ndarray:
    """Grey (height, width): of colours the mean."""
    from imageio.v3 import imread

    image = np.asarray(imread(data_folder() / "medical2d" / folder / name), np.float32)
    return image.mean(axis=-1) if image.ndim == 3 else image


def moved_copies() -> Iterator[tuple[str, wk.RegistrationResult]]:
    """The slice registered to each copy of it, as a similarity: the map leads from the slice to the copy."""
    fixed = read_slice("brain_pd", f"{BRAIN}.png")
    for copy in COPIES:
        moving = read_slice("brain_pd", f"{BRAIN}{copy}.png")
        yield copy, wk.register(fixed, moving, "similarity")


def two_people() -> tuple[wk.RegistrationResult, float, float]:
    """Slice r16 registered to r64, affine; and their correlation before and after, over the whole image."""
    fixed, moving = (read_slice("ants_slices", f"{name}slice.jpg") for name in ("r16", "r64"))
    result = wk.register(fixed, moving, "affine")
    before, after = (float(np.corrcoef(fixed.ravel(), x.ravel())[0, 1]) for x in (moving, result.warped))
    return result, before, after


def angle_and_scale(result: wk.RegistrationResult) -> tuple[float, float]:
    """Degrees from +x towards +y, and the factor, of a similarity."""
    theta = wk.Projective.of(result.transform).theta[0]
    angle = float(np.rad2deg(np.arctan2(theta[1, 0], theta[0, 0])))
    return angle, float(np.hypot(theta[0, 0], theta[1, 0]))


def slices(names: tuple[str, ...] = ()) -> Iterator[Row]:
    """Slices of brains: what is known of each pair, and what was found."""
    del names  # of the pairs of planes
    known = {
        COPIES[0]: "shift 13, 17",
        COPIES[1]: "10 degrees, scale 1",
        COPIES[2]: "10 degrees, scale 1 / 1.2",
    }
    for copy, result in moved_copies():
        x, y = wk.Projective.of(result.transform).theta[0, :2, 2]
        angle, scale = angle_and_scale(result)
        yield {
            "pair": copy,
            "known": known[copy],
            "found": f"shift {x:.3f}, {y:.3f}; {angle:.3f} degrees, scale {scale:.5f}",
            "converged": "yes" if result.converged else "no",
        }
    result, before, after = two_people()
    yield {
        "pair": "r16 to r64",
        "known": "correlation 0.963 by SimpleITK's affine registration",
        "found": f"correlation {before:.3f} to {after:.3f}",
        "converged": "yes" if result.converged else "no",
    }
