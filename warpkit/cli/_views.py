"""What people are shown of images: colours from 0 to 1, square pixels, slices through volumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warpkit._core import to_numpy
from warpkit.grids import Geometry
from warpkit.transforms import Affine
from warpkit.warping import warp

from ._inputs import Input

_SHOWN = (0.5, 99.5)  # percentiles of an image that are black and white


@dataclass(frozen=True, eq=False)
class View:
    """One picture of two images: the fixed one, and the moving one before and after.

    Attributes
    ----------
    fixed, before, after : ndarray (height, width, 3)
        From 0 to 1. `before` is the moving image where it was, `after` where it came to.
    covered : ndarray of bool (height, width)
        Where the moving image came to.
    """

    fixed: np.ndarray
    before: np.ndarray
    after: np.ndarray
    covered: np.ndarray


def make_views(fixed: Input, before: np.ndarray, after: np.ndarray, inside: np.ndarray) -> list[View]:
    """Make a picture of two images, or three of two volumes: slices through the middle.

    Parameters
    ----------
    fixed : Input
        The fixed image.
    before, after : ndarray
        The moving image on the pixels of the fixed one.
    inside : ndarray of bool (*spatial)
        Where `after` has something to show.

    Returns
    -------
    list of View
        Of a volume: from above, from the front, from the side; if it has a geometry as radiologists look at
        it, the head up and the patient's left on the right.
    """
    limits = _limits(after, inside) or _limits(before)
    colours = [_to_colours(fixed.array, fixed.ndim, _limits(fixed.array))]
    colours += [_to_colours(image, fixed.ndim, limits) for image in (before, after)]
    parts = [_slices(image, fixed.geometry) for image in (*colours, inside[..., None].astype(float))]
    views = []
    for slices in zip(*parts, strict=True):
        one, two, three, covered = (_square(picture, spacing) for picture, spacing in slices)
        views.append(View(one, two, three, covered[..., 0] > 0.5))
    return views


def resize(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Another number of pixels (height, width, channels) for the same picture."""
    if image.shape[:2] == shape:
        return image
    whole = Affine.identity(2)  # in the frame "normalized": from edge to edge
    return to_numpy(warp(image, whole, shape, boundary="border", antialias=True, channel_axis=-1))


def _limits(image: np.ndarray, inside: np.ndarray | None = None) -> tuple[float, float] | None:
    """What is shown black and white; None where nothing is to be seen."""
    values = image[np.isfinite(image) if inside is None else np.isfinite(image) & inside].astype(np.float64)
    if values.size == 0:
        return None
    low, high = np.percentile(values, _SHOWN)
    if low == high:
        low, high = values.min(), values.max()
    return (float(low), float(high)) if low < high else None


def _to_colours(image: np.ndarray, ndim: int, limits: tuple[float, float] | None) -> np.ndarray:
    """Red, green and blue last, (*spatial, 3). What is neither grey nor has three channels becomes grey."""
    low, high = limits or (0.0, 1.0)
    scaled = np.nan_to_num((image.astype(np.float64) - low) / (high - low)).clip(0, 1)
    if image.ndim == ndim:
        return np.repeat(scaled[..., None], 3, axis=-1)
    if len(image) == 3:
        return np.moveaxis(scaled, 0, -1)
    return np.repeat(scaled.mean(axis=0)[..., None], 3, axis=-1)


def _slices(image: np.ndarray, geometry: Geometry | None) -> list[tuple[np.ndarray, tuple[float, float]]]:
    """Pictures (height, width, channels) with the heights and widths of their pixels."""
    spacing = np.ones(image.ndim - 1) if geometry is None else np.array(geometry.spacing)[::-1]
    if image.ndim == 3:
        return [(image, (spacing[0], spacing[1]))]
    if geometry is not None:
        image, spacing = _upright(image, spacing, geometry)
    z, y, x = (n // 2 for n in image.shape[:3])
    dz, dy, dx = spacing.tolist()
    return [(image[z], (dy, dx)), (image[:, y], (dz, dx)), (image[:, :, x], (dz, dy))]


def _upright(volume: np.ndarray, spacing: np.ndarray, geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Axes that lead from the head down, to the back, and to the left, up to oblique angles."""
    from scipy.optimize import linear_sum_assignment  # not with warpkit: it takes long to load

    direction = np.array(geometry.direction)  # columns: the image's axes x, y, z
    world, own = linear_sum_assignment(-abs(direction))
    signs = np.sign(direction[world, own]) * [1, 1, -1]  # z leads to the head, rows lead down
    order = [2 - int(axis) for axis in own[::-1]]  # of arrays: z, y, x
    turned = volume.transpose(*order, 3)
    flips = tuple(slice(None, None, int(sign)) for sign in signs[::-1])
    return turned[flips], spacing[order]


def _square(image: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """A picture with square pixels, as small as the smaller side was."""
    least = min(spacing)
    height, width = (max(1, round(n * s / least)) for n, s in zip(image.shape[:2], spacing, strict=True))
    return resize(image, (height, width))
