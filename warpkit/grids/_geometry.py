r"""Where an image is in the world: its pixels have a size, a first one and directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import check_shape, wrong_value

ORTHONORMAL = 1e-4  # headers round directions: so far may they be from orthonormal ones


@dataclass(frozen=True)
class Geometry:
    r"""The geometry of an image: it leads from pixels to places in the world.

    **Convention.** `shape` is in the order of the array's axes, ([depth,] height, width); all else is in the
    order (x, y[, z]), as in ITK. Which way the world's axes point is up to whoever made it: ITK and DICOM
    have x to the left, y to the back and z to the head of a patient (LPS), NIfTI to the right, to the front
    and to the head (RAS).

    Parameters
    ----------
    shape : tuple of int
        Spatial shape of the image.
    spacing : tuple of float, optional
        Distances between the centres of neighbouring pixels, above 0; 1 by default. Usually millimetres.
    origin : tuple of float, optional
        Where the centre of the first pixel is; 0 by default.
    direction : tuple of tuples of float, optional
        An orthonormal matrix, row by row; its columns say where the image's own axes x, y[, z] point. The
        unit matrix by default; a reflection is one, too.

    Raises
    ------
    ValueError
        If the lengths do not fit together, a spacing is not positive, or the direction not orthonormal.

    Notes
    -----
    The pixel :math:`p` is at :math:`D\,\mathrm{diag}(s)\,p + o`.

    Examples
    --------
    >>> from warpkit.grids import Geometry
    >>> scan = Geometry((20, 256, 256), spacing=(0.9, 0.9, 5.0), origin=(-115.0, -115.0, -40.0))
    >>> scan.matrix @ [1.0, 0.0, 2.0, 1.0]                       # second pixel of the third slice
    array([-114.1, -115. ,  -30. ,    1. ])
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...] | None = None
    origin: tuple[float, ...] | None = None
    direction: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        shape = check_shape(self.shape)
        ndim = len(shape)
        if ndim not in (1, 2, 3) or 0 in shape:
            raise wrong_value("shape", "one to three lengths of at least 1", shape)
        spacing = _numbers("spacing", self.spacing, (1.0,) * ndim)
        if min(spacing) <= 0:
            raise wrong_value("spacing", "distances above 0", spacing)
        direction = np.eye(ndim) if self.direction is None else np.array(self.direction, np.float64)
        if direction.shape != (ndim, ndim):
            raise wrong_value("direction", f"{ndim} rows of {ndim} numbers", f"shape {direction.shape}")
        if not np.allclose(direction.T @ direction, np.eye(ndim), rtol=0, atol=ORTHONORMAL):
            raise wrong_value("direction", "orthonormal columns", direction.tolist())
        values = {
            "shape": shape,
            "spacing": spacing,
            "origin": _numbers("origin", self.origin, (0.0,) * ndim),
            "direction": tuple(tuple(row) for row in direction.tolist()),
        }
        for name, value in values.items():  # as plain numbers: equal geometries are equal
            object.__setattr__(self, name, value)

    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return len(self.shape)

    @property
    def matrix(self) -> np.ndarray:
        """From pixels (x, y[, z], 1) to places in the world, (ndim + 1, ndim + 1)."""
        matrix = np.eye(self.ndim + 1)
        matrix[:-1, :-1] = np.array(self.direction) * np.array(self.spacing)
        matrix[:-1, -1] = self.origin
        return matrix


def _numbers(argument: str, given: Any, default: tuple[float, ...]) -> tuple[float, ...]:
    if given is None:
        return default
    numbers = tuple(float(x) for x in given)
    if len(numbers) != len(default) or not np.isfinite(numbers).all():
        raise wrong_value(argument, f"{len(default)} finite numbers, in the order (x, y[, z])", given)
    return numbers
