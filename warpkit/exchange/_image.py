"""An array, and where its pixels are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warpkit._core import as_array, to_numpy, wrong_value
from warpkit.grids import Geometry


@dataclass(frozen=True, eq=False)
class Image:
    """An image as it is read from a file: its pixels, and where they are.

    **Convention.** Axes are ([c,] [z,] y, x), channels first. Where the file tells of a patient, the geometry
    is in LPS: x to the left, y to the back, z to the head, in millimetres.

    Parameters
    ----------
    array : array, shape (y, x), (z, y, x), (c, y, x) or (c, z, y, x)
        The pixels.
    geometry : Geometry, optional
        Where they are, if the file says so: PNG, JPEG and TIFF do not.

    Raises
    ------
    ValueError
        If the array's last axes are not the geometry's shape.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> image = wk.Image(np.zeros((3, 20, 30)), wk.Geometry((20, 30), spacing=(0.5, 0.5)))
    >>> image.array.shape, image.geometry.ndim                       # three channels in 2D
    ((3, 20, 30), 2)
    """

    array: np.ndarray
    geometry: Geometry | None = None

    def __post_init__(self) -> None:
        if self.geometry is not None:
            _check_fit(self.array, self.geometry)


def axes_of(array: np.ndarray, geometry: Geometry | None) -> tuple[np.ndarray, Geometry]:
    """Check pixels to be written. Without a geometry up to three axes are space, and it is the plainest."""
    array = to_numpy(as_array(array, "array"))
    if array.size == 0:
        raise wrong_value("array", "at least one pixel", f"shape {array.shape}")
    if geometry is None:
        if array.ndim not in (2, 3, 4):
            raise wrong_value("array", "axes ([c,] [z,] y, x)", f"shape {array.shape}")
        geometry = Geometry(array.shape[-min(array.ndim, 3) :])
    _check_fit(array, geometry)
    return array, geometry


def _check_fit(array: np.ndarray, geometry: Geometry) -> None:
    ndim = geometry.ndim
    if array.ndim not in (ndim, ndim + 1) or array.shape[array.ndim - ndim :] != geometry.shape:
        expected = f"shape {geometry.shape}, as of the geometry, with channels before it or without"
        raise wrong_value("array", expected, f"shape {array.shape}")
