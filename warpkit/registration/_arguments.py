"""What may be registered, and how users say it."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import Array, as_array, check_choice, namespace, wrong_type, wrong_value
from warpkit.grids import Geometry
from warpkit.transforms import AbstractMatrix, AbstractTransform

from ._least_squares import METRICS
from ._matrix_groups import GROUPS, MatrixGroup, matrix_group
from ._pyramid import make_pyramid
from ._refine import Pair

NAMES = ("fixed", "moving")


def make_pair(
    images: tuple[Any, Any],
    masks: tuple[Any, Any],
    geometries: tuple[Any, Any],
    transform: str,
    metric: str,
    ndim: int | None,
    tolerance: float,
    max_iterations: int,
) -> Pair:
    """Check the arguments, and make the pyramids."""
    check_choice("transform", transform, GROUPS)
    check_choice("metric", metric, METRICS)
    if not tolerance > 0:
        raise wrong_value("tolerance", "a number of pixels above 0", tolerance)
    if max_iterations < 1:
        raise wrong_value("max_iterations", "a number of at least 1", max_iterations)
    fixed, moving = (as_array(x, name) for x, name in zip(images, NAMES, strict=True))
    namespace(fixed, moving)
    dimensions = _dimensions(fixed, moving, ndim)
    if [geometry is None for geometry in geometries] in ([True, False], [False, True]):
        raise wrong_value("moving_geometry", "one for each image, or none", "one of the two")
    pyramids = [
        make_pyramid(*_checked(image, mask, name, dimensions), _to_space(geometry, image, name, dimensions))
        for image, mask, geometry, name in zip((fixed, moving), masks, geometries, NAMES, strict=True)
    ]
    group = matrix_group(transform, dimensions)
    return Pair(pyramids[0], pyramids[1], group, metric, tolerance, max_iterations)


def _to_space(geometry: Any, image: Array, name: str, ndim: int) -> np.ndarray:
    """From pixels to the world, or to themselves."""
    if geometry is None:
        return np.eye(ndim + 1)
    if not isinstance(geometry, Geometry):
        raise wrong_type(f"{name}_geometry", "a Geometry", geometry)
    shape = tuple(image.shape[image.ndim - ndim :])
    if geometry.shape != shape:
        raise wrong_value(f"{name}_geometry", f"one of shape {shape}, like its image", f"{geometry.shape}")
    return geometry.matrix


def _checked(image: Array, mask: Any, name: str, ndim: int) -> tuple[Array, Array | None]:
    """Channels and weights; what counts must be finite, and not all the same."""
    spatial = tuple(image.shape[image.ndim - ndim :])
    channels = image.reshape(-1, *spatial)
    weights = None if mask is None else _weights(mask, f"{name}_mask", spatial)
    inside = channels if weights is None else channels[:, weights > 0]
    if not bool(namespace(image).isfinite(inside).all()):
        raise wrong_value(name, "finite pixels (a mask leaves others out)", "a NaN or an infinity")
    if inside.min() == inside.max():
        raise wrong_value(name, "an image that is not constant", f"{float(inside.min())} everywhere")
    return channels, weights


def _dimensions(fixed: Array, moving: Array, ndim: int | None) -> int:
    """How many axes are spatial."""
    images = (fixed, moving)
    if fixed.ndim != moving.ndim:
        shapes = [tuple(image.shape) for image in images]
        raise wrong_value("moving", f"as many axes as fixed of shape {shapes[0]}", f"shape {shapes[1]}")
    dimensions = fixed.ndim if ndim is None else ndim
    if ndim is None and fixed.ndim == 3 and fixed.shape[-1] <= 4 < fixed.shape[0]:
        expected = "channels first, and ndim=2: numpy.moveaxis(photo, -1, 0)"
        raise wrong_value("fixed", expected, f"shape {tuple(fixed.shape)}, which looks like channels last")
    if dimensions not in (2, 3) or not dimensions <= fixed.ndim <= dimensions + 1:
        expected = "two or three spatial axes (see ndim), and at most channels before them"
        raise wrong_value("fixed", expected, f"shape {tuple(fixed.shape)}")
    if fixed.ndim > dimensions and len(fixed) != len(moving):
        raise wrong_value("moving", f"{len(fixed)} channels like fixed", f"{len(moving)}")
    for image, name in zip(images, NAMES, strict=True):
        if 0 in image.shape:
            raise wrong_value(name, "at least one pixel", f"shape {tuple(image.shape)}")
    return dimensions


def _weights(mask: Any, name: str, shape: tuple[int, ...]) -> Array:
    """From 0 to 1."""
    mask = as_array(mask, name)
    if tuple(mask.shape) != tuple(shape):
        raise wrong_value(name, f"shape {tuple(shape)}, like its image", f"shape {tuple(mask.shape)}")
    mask = mask.astype("float32")
    least, most = float(mask.min()), float(mask.max())
    if not (least >= 0 and 0 < most < np.inf):
        raise wrong_value(name, "weights of at least 0, some above", f"weights from {least} to {most}")
    return mask / most


def start_matrix(start: AbstractTransform, group: MatrixGroup, frame: str) -> np.ndarray:
    """Of a start that a user gave: one that the group holds, of whatever class."""
    if not isinstance(start, AbstractMatrix):
        raise wrong_type("init", "an affine map or a Projective", start)
    if start.frame != frame or start.ndim != group.ndim or start.n != 1:
        given = f'{start.n} in {start.ndim}D in the frame "{start.frame}"'
        raise wrong_value("init", f'one transform in {group.ndim}D in the frame "{frame}"', given)
    theta = np.asarray(start.to_projective().theta, np.float64)[0]
    matrix = theta / theta[-1, -1]
    own = group.to_transform(matrix, frame).to_projective().theta[0]
    if not np.allclose(own / own[-1, -1], matrix, rtol=1e-6, atol=1e-6):
        raise wrong_value("init", f'a start of the kind "{group.name}"', f"{type(start).__name__} beyond it")
    return matrix
