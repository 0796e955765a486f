"""Images from files under transforms from files; no dtype is lost."""

from __future__ import annotations

import numpy as np

from warpkit.grids import Geometry
from warpkit.sampling import spline_coefficients
from warpkit.transforms import WORLD, AbstractTransform
from warpkit.warping import warp

from ._inputs import Input

KERNELS = ("linear", "nearest", "cubic", "cubic_sharp", "bspline2", "bspline3")
_WARPED_AS_THEY_ARE = ("uint8", "uint16", "int16", "float16", "float32", "float64")
_BOUNDARY = "constant"


def resample(
    image: Input,
    transform: AbstractTransform,
    shape: tuple[int, ...] | None,
    geometry: Geometry | None,
    kernel: str = "linear",
) -> np.ndarray:
    """Warp an image to an output of spatial shape `shape`, or its own, which is where `geometry` says.

    The result has the image's dtype: integers are rounded, and what lies beyond them is their least or
    greatest. Beyond the image's edges it is 0.

    Raises
    ------
    ValueError
        If the transform is one of the world, and the image or the output is not there; the message names the
        image.
    """
    pixels = _of_pixels(image, transform, geometry)
    array, dtype = image.array, image.array.dtype
    if kernel.startswith("bspline"):
        stacked = array.astype(np.float64).reshape(1, -1, *image.shape)
        array = spline_coefficients(stacked, kernel=kernel, boundary=_BOUNDARY).reshape(array.shape)
    elif kernel != "nearest" and dtype.name not in _WARPED_AS_THEY_ARE:
        array = array.astype(np.float64)
    return _of_dtype(warp(array, pixels, shape, kernel=kernel, boundary=_BOUNDARY), dtype)


def _of_pixels(image: Input, transform: AbstractTransform, geometry: Geometry | None) -> AbstractTransform:
    if transform.frame != WORLD:
        return transform
    if image.geometry is None or geometry is None:
        wanting = image.path if image.geometry is None else "the output"
        raise ValueError(f"{wanting}: expected a geometry, as the transform is one of the world, given none")
    return transform.to_frame("pixel", image.geometry, geometry)


def _of_dtype(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Rounded and saturated, if that takes integers."""
    if array.dtype == dtype or dtype.kind == "f":
        return array.astype(dtype, copy=False)
    least, most = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    top = float(most)
    if top > most:  # 2**63 - 1 is no float, and the next one is too large
        top = float(np.nextafter(top, 0))
    return np.rint(array).clip(least, top).astype(dtype)
