"""Slices of brains, moved by known amounts and of two people; and a stack of frames from a microscope.

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


def stack_of_frames() -> list[tuple[float, float]]:
    """Each frame of a stack registered to the one before, affine: correlations, ours and StackReg's.

    Over the whole frame; StackReg's are those of its own result, which pystackreg carries.
    """
    from imageio.v3 import imread

    folder = data_folder() / "microscopy" / "pystackreg"
    frames, theirs = (
        np.asarray(imread(folder / f"pc12-{name}.tif"), np.float32) for name in ("unreg", "reg-affine")
    )
    out = []
    for i in range(1, len(frames)):
        warped = wk.register(frames[i - 1], frames[i], "affine").warped
        pairs = ((frames[i - 1], warped), (theirs[i - 1], theirs[i]))
        ours, other = (float(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in pairs)
        out.append((ours, other))
    return out


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
    for number, (ours, theirs) in enumerate(stack_of_frames(), 2):
        yield {
            "pair": f"frame {number} to {number - 1}",
            "known": f"correlation {theirs:.3f} by StackReg",
            "found": f"correlation {ours:.3f}",
        }
