"""Pictures of greys and colours, through imageio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ._image import Image
from ._optional import optional

COLOURS = {"1": 0, "L": 0, "I": 0, "I;16": 0, "I;16B": 0, "F": 0, "LA": 1, "P": 3, "RGB": 3, "RGBA": 3}
"""Pillow's modes, and how many channels are colours; 0: there is no axis of channels. The rest is alpha."""


def read_picture(file: Path) -> Image:
    """Read a picture; channels first, alpha left out.

    Raises
    ------
    ValueError
        If it has another mode, CMYK for instance, or 16 bits for each of three colours.
    """
    imageio = optional("imageio.v3", "reading a picture")
    _check_bits(file)
    with imageio.imopen(file, "r", plugin="pillow") as reader:
        array = reader.read(index=0)
        mode = reader.metadata(index=0)["mode"]
    if mode not in COLOURS:
        raise ValueError(f"expected greys or RGB, given the mode {mode}")
    return Image(channels_first(array, COLOURS[mode]))


def channels_first(array: np.ndarray, colours: int) -> np.ndarray:
    """Bring the last axis to the front: its first `colours`. One needs no axis, and 0 says there is none."""
    if colours == 0:
        return array
    array = array[..., :colours]
    return array[..., 0] if colours == 1 else np.ascontiguousarray(np.moveaxis(array, -1, 0))


def _check_bits(file: Path) -> None:
    """Pillow would read the upper 8 bits of 16 and not say so. A PNG's header tells (ISO 15948, 11.2.2)."""
    with file.open("rb") as stream:
        header = stream.read(26)
    if header[:4] == b"\x89PNG" and len(header) == 26 and header[24] == 16 and header[25] != 0:
        raise ValueError("expected 8 bits for each channel of a PNG with several, given 16 (TIFF holds them)")


def write_png(file: Path, array: np.ndarray) -> None:
    """Write greys (h, w) or colours (3, h, w) as PNG.

    Raises
    ------
    ValueError
        If PNG cannot hold them.
    """
    imageio = optional("imageio.v3", "writing a picture")
    dtypes = (bool, np.uint8, np.uint16) if array.ndim == 2 else (np.uint8,)
    if array.dtype not in dtypes:
        names = " or ".join(np.dtype(dtype).name for dtype in dtypes)
        raise ValueError(f"array: expected {names} for such a PNG, given {array.dtype}")
    imageio.imwrite(file, _channels_last(array), plugin="pillow", extension=".png")


def _channels_last(array: np.ndarray) -> np.ndarray:
    if array.ndim == 2:
        return array
    if array.ndim != 3 or array.shape[0] != 3:
        raise ValueError(f"array: expected shape (h, w) or (3, h, w) for a PNG, given {array.shape}")
    return np.ascontiguousarray(np.moveaxis(array, 0, -1))


def read_tiff(file: Path) -> Image:
    """Read a TIFF, all its pages if they are alike; channels first, alpha left out.

    Raises
    ------
    ValueError
        If it holds a palette, CMYK, or axes that no image has, or lacks pages.
    """
    tifffile = optional("tifffile", "reading a TIFF")
    with tifffile.TiffFile(file) as tiff:
        series, page = tiff.series[0], tiff.pages[0]
        if page.photometric.name not in ("MINISBLACK", "RGB", "YCBCR"):
            raise ValueError(f"expected greys or RGB, given {page.photometric.name}")
        array, axes, extra = series.asarray(), series.axes, len(page.extrasamples)
        _check_all_pages(tiff, array.size // page.size)
    if array.dtype.kind not in "buif":
        raise ValueError(f"expected real numbers, given {array.dtype}")
    colours = 0
    if "S" in axes:  # the samples of a pixel
        place = axes.index("S")
        colours = array.shape[place] - extra
        array = np.moveaxis(array, place, -1)
    if array.ndim - ("S" in axes) > 3:
        raise ValueError(f"expected axes ([c,] [z,] y, x), given {axes} of {array.shape}")
    return Image(channels_first(array, colours))


def _check_all_pages(tiff: Any, found: int) -> None:
    """Where pages are cut off, tifffile takes those that are there, and says so in a log at most."""
    planes = (tiff.imagej_metadata or {}).get("images", 1)  # ImageJ has one header for all of its pages
    if found < planes:
        raise ValueError(f"expected {planes} pages, as ImageJ wrote, given {found}")
    # Others have one for each, which says where the next is, and the last one 0 (TIFF 6.0, section 2).
    tiff.filehandle.seek(tiff.pages.next_page_offset)
    if tiff.filehandle.read(tiff.tiff.offsetsize) != bytes(tiff.tiff.offsetsize):
        raise ValueError(f"expected another page after {found}, given the file's end")


def write_tiff(file: Path, array: np.ndarray) -> None:
    """Write greys (h, w), colours (3, h, w), or any other (z, h, w) as pages."""
    tifffile: Any = optional("tifffile", "writing a TIFF")
    colours = array.ndim == 3 and array.shape[0] == 3
    kind = {"photometric": "rgb", "planarconfig": "separate"} if colours else {"photometric": "minisblack"}
    if array.ndim not in (2, 3):
        raise ValueError(
            f"array: expected shape (h, w), (3, h, w) or (z, h, w) for a TIFF, given {array.shape}"
        )
    tifffile.imwrite(file, array, **kind)
