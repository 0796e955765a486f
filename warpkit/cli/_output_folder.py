"""The folder that a registration writes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from warpkit.exchange._image_files import NIFTI, TIFF

from ._inputs import Input

TRANSFORM, ITK_TRANSFORM = "transform.npz", "transform.tfm"
CHECKERBOARD, BEFORE_AFTER, CONVERGENCE = "checkerboard.png", "before-after.gif", "convergence.png"
REPORT = "report.json"

_SUFFIXES = (".nii", ".nii.gz", ".mha", ".mhd", ".raw", ".zraw", ".nrrd", ".tif", ".png")
NAMES = (
    *(f"warped{suffix}" for suffix in _SUFFIXES),
    TRANSFORM,
    ITK_TRANSFORM,
    CHECKERBOARD,
    BEFORE_AFTER,
    CONVERGENCE,
    REPORT,
)
"""All that a registration may write."""

_PNG_OF_GREYS, _PNG_OF_COLOURS = ("bool", "uint8", "uint16"), ("uint8",)


def prepare_folder(out: str, inputs: Iterable[str]) -> Path:
    """Make the folder where there is none; from one that exists remove what an earlier registration wrote.

    So all that is in it afterwards, under the names of NAMES, is of one registration. Other files stay.

    Raises
    ------
    ValueError
        If an input would be removed.
    OSError
        If the folder cannot be made, or is a file.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    ours = [folder / name for name in NAMES]
    given = {Path(path).resolve() for path in inputs}
    for file in ours:
        if file.resolve() in given:
            raise ValueError(f"{file}: an input, which would be replaced: choose another folder for -o")
    for file in ours:
        file.unlink(missing_ok=True)
    return folder


def warped_name(fixed: Input, dtype: np.dtype) -> str:
    """A file of the fixed image's format, or of the nearest one that can be written and has the dtype."""
    name = fixed.path.name.lower()
    for suffix in (*NIFTI[::-1], ".mha", ".mhd", ".nrrd"):
        if name.endswith(suffix):
            return f"warped{suffix}"
    if name.endswith(".nhdr"):
        return "warped.nrrd"
    of_png = _PNG_OF_COLOURS if fixed.channels else _PNG_OF_GREYS
    fits_png = fixed.ndim == 2 and fixed.channels in (0, 3) and dtype.name in of_png
    return "warped.tif" if name.endswith(TIFF) or not fits_png else "warped.png"
