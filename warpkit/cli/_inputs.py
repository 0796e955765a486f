"""The images that a command is given, and what is wrong with them, said of their files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from warpkit.exchange import read_image
from warpkit.exchange._image_files import TIFF
from warpkit.grids import Geometry

_SAME_PLACE = 0.01  # pixels: so far apart may the corners of an image and of its mask be


@dataclass(frozen=True, eq=False)
class Input:
    """An image from a file.

    Attributes
    ----------
    path : Path
        The file.
    array : ndarray, shape (*spatial) or (channels, *spatial)
        Its pixels.
    geometry : Geometry or None
        Where they are, if the file says so.
    ndim : int
        How many axes are spatial.
    """

    path: Path
    array: np.ndarray
    geometry: Geometry | None
    ndim: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the spatial axes."""
        return tuple(self.array.shape[self.array.ndim - self.ndim :])

    @property
    def channels(self) -> int:
        """0 if there is no axis of channels."""
        return 0 if self.array.ndim == self.ndim else len(self.array)

    def __str__(self) -> str:
        size = " x ".join(map(str, self.shape[::-1]))
        colours = f", {self.channels} channels" if self.channels else ""
        spacing = "" if self.geometry is None else f" of {_lengths(self.geometry)}"
        return f"{self.path.name}, {size} pixels{spacing}{colours}, {self.array.dtype}"


def _lengths(geometry: Geometry) -> str:
    return " x ".join(f"{length:.4g}" for length in geometry.spacing or ()) + " mm"


def read_input(path: str, ndim: int | None = None) -> Input:
    """Read an image.

    Parameters
    ----------
    path : str
        The file.
    ndim : {2, 3}, optional
        How many axes are spatial, where the file does not tell: the pages of a TIFF. By default three of
        them are colours, and others a volume.

    Raises
    ------
    ValueError, OSError, ImportError
        If it cannot be read, holds no real numbers, or has other axes.
    """
    image, file = read_image(path), Path(path)
    array, geometry = image.array, image.geometry
    if array.dtype.kind not in "buif":
        raise ValueError(f"{path}: expected real numbers, given {array.dtype}")
    if geometry is not None:
        own = geometry.ndim
    elif array.ndim == 3 and file.suffix.lower() in TIFF:
        own = ndim or (2 if len(array) == 3 else 3)
    else:
        own = {2: 2, 3: 2, 4: 3}[array.ndim]
    if ndim not in (None, own):
        raise ValueError(f"{path}: expected {ndim} spatial dimensions, given {own}")
    if own not in (2, 3):
        raise ValueError(f"{path}: expected 2 or 3 spatial dimensions, given {own}")
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return Input(file, native, geometry, own)


def check_pair(fixed: Input, moving: Input) -> None:
    """Check that two images can be compared."""
    if fixed.ndim != moving.ndim:
        expected = f"{fixed.ndim} spatial dimensions like {fixed.path}"
        raise ValueError(f"{moving.path}: expected {expected}, given {moving.ndim}")
    if fixed.channels != moving.channels:
        one, other = (f"{n} channels" if n else "greys" for n in (fixed.channels, moving.channels))
        raise ValueError(f"{moving.path}: expected {one} like {fixed.path}, given {other}")


def read_mask(path: str | None, image: Input) -> np.ndarray | None:
    """Read the mask of an image: of its shape and, if both files tell, where it is."""
    if path is None:
        return None
    mask = read_input(path, image.ndim)
    if mask.array.shape != image.shape:
        expected = f"shape {image.shape} like {image.path}"
        raise ValueError(f"{path}: expected {expected}, given {mask.array.shape}")
    if mask.geometry is not None and image.geometry is not None:
        last = np.array([*(n - 1 for n in image.shape[::-1]), 1.0])
        corners = last * [[*corner, 1] for corner in np.ndindex((2,) * image.ndim)]
        apart = np.linalg.inv(image.geometry.matrix) @ mask.geometry.matrix @ corners.T - corners.T
        if abs(apart).max() > _SAME_PLACE:
            raise ValueError(f"{path}: expected spacing, origin and direction like {image.path}")
    return mask.array


@contextmanager
def naming(given: dict[str, object]) -> Iterator[None]:
    """Say of a file what an error says of the argument that it was given for.

    Parameters
    ----------
    given : dict from str to object
        What users gave, by the names of arguments.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        argument, _, message = str(error).partition(": ")
        if given.get(argument) is None:
            raise
        raise ValueError(f"{given[argument]}: {message}") from error
