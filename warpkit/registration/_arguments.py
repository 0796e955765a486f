"""What may be registered, and how users say it."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import Array, as_array, check_choice, namespace, wrong_type, wrong_value
from warpkit._core._threads import each_beside
from warpkit.grids import Geometry
from warpkit.transforms import AbstractMatrix, AbstractTransform

from ._fields import FIELDS
from ._gradient_descent import OPTIMIZERS
from ._least_squares import CORRELATIONS
from ._least_squares import METRICS as SUMS
from ._matrix_groups import GROUPS, MatrixGroup, matrix_group
from ._mutual_information import INFORMATION, SIGMA
from ._pyramid import FINEST_SIGMA, Level, depth, make_pyramid
from ._refine import Pair
from ._refine_field import FieldOptions
from ._refine_spline import SPLINES, SplineOptions

NAMES = ("fixed", "moving")
DEFORMABLE = (*FIELDS, *SPLINES)
TRANSFORMS = (*GROUPS, *DEFORMABLE)
METRICS = (*SUMS, INFORMATION)
SMOOTHNESS = 0.5  # of fields, in pixels
STIFFNESS = {"tps": 0.001, "bspline": 0.005}
MOST_CONTROL_POINTS = {("tps", 2): 8, ("tps", 3): 5, ("bspline", 2): 25, ("bspline", 3): 25}
LEAST_SPACING = 4.0  # pixels: by themselves, control points are no nearer
EXACT_IN_FLOAT32 = ("bool", "int8", "uint8", "int16", "uint16", "float16", "float32")
Channels = tuple[Array, Array | None]


def make_pair(
    images: tuple[Any, Any],
    masks: tuple[Any, Any],
    geometries: tuple[Any, Any],
    transform: str,
    metric: str,
    ndim: int | None,
    tolerance: float,
    max_iterations: int,
    finest_level: int = 0,
) -> Pair:
    """Check the arguments, and make the pyramids, for a search that ends on `finest_level`."""
    check_choice("transform", transform, TRANSFORMS)
    check_choice("metric", metric, METRICS)
    if not _is_number(tolerance) or not tolerance > 0:
        raise wrong_value("tolerance", "a number of pixels above 0", repr(tolerance))
    if not isinstance(max_iterations, int) or max_iterations < 1:
        raise wrong_value("max_iterations", "a whole number of at least 1", repr(max_iterations))
    fixed, moving = (as_array(x, name) for x, name in zip(images, NAMES, strict=True))
    namespace(fixed, moving)
    dimensions = _dimensions(fixed, moving, ndim)
    if [geometry is None for geometry in geometries] in ([True, False], [False, True]):
        raise wrong_value("moving_geometry", "one for each image, or none", "one of the two")
    spaces = [
        _to_space(geometry, image, name, dimensions)
        for geometry, image, name in zip(geometries, (fixed, moving), NAMES, strict=True)
    ]
    checked = [
        _checked(image, mask, name, dimensions)
        for image, mask, name in zip((fixed, moving), masks, NAMES, strict=True)
    ]
    # Where there are no levels so coarse, the search ends on a finer one.
    finest_level = min(finest_level, *(depth(channels.shape[1:]) - 1 for channels, _ in checked))
    sigma = SIGMA if metric == INFORMATION else FINEST_SIGMA

    def pyramid_of(image: tuple[Channels, np.ndarray]) -> list[Level]:
        (channels, weights), to_space = image
        return make_pyramid(channels, weights, to_space, finest_sigma=sigma, finest_level=finest_level)

    both = zip(_in_units(checked, metric), spaces, strict=True)
    pyramids = each_beside(pyramid_of, both, namespace(fixed))
    group = matrix_group("affine" if transform in DEFORMABLE else transform, dimensions)
    return Pair(pyramids[0], pyramids[1], group, metric, float(tolerance), max_iterations)


def deformation_options(
    transform: str, shape: tuple[int, ...], smoothness: Any, control_points: Any, optimizer: Any
) -> FieldOptions | SplineOptions | None:
    """For a fixed image of that shape; None for linear maps."""
    for name, given, kinds in (
        ("smoothness", smoothness, DEFORMABLE),
        ("control_points", control_points, SPLINES),
        ("optimizer", optimizer, ("bspline",)),
    ):
        if given is not None and transform not in kinds:
            raise wrong_value(name, f"a transform that has it: {', '.join(kinds)}", transform)
    if transform not in DEFORMABLE:
        return None
    own = SMOOTHNESS if transform in FIELDS else STIFFNESS[transform]
    smoothness = own if smoothness is None else smoothness
    if not _is_number(smoothness) or not 0 <= smoothness < np.inf:
        raise wrong_value("smoothness", "a number of at least 0", repr(smoothness))
    if transform in FIELDS:
        return FieldOptions(transform, float(smoothness))
    most = MOST_CONTROL_POINTS[transform, len(shape)]
    fitting = max(3, min(most, int((max(shape) - 1) / LEAST_SPACING) + 1))
    count = fitting if control_points is None else control_points
    if not isinstance(count, int) or isinstance(count, bool) or count < 2:
        raise wrong_value("control_points", "a whole number of at least 2", repr(count))
    optimizer = "lbfgs" if optimizer is None else optimizer
    check_choice("optimizer", optimizer, tuple(OPTIMIZERS))
    return SplineOptions(transform, count, float(smoothness), optimizer)


def check_finest_level(finest_level: Any) -> None:
    """Raise a ValueError unless it is the number of a level."""
    if not isinstance(finest_level, int) or isinstance(finest_level, bool) or finest_level < 0:
        raise wrong_value("finest_level", "a whole number of at least 0", repr(finest_level))


def _is_number(given: Any) -> bool:
    return isinstance(given, (int, float, np.integer, np.floating)) and not isinstance(given, bool)


def _in_units(checked: list[Channels], metric: str) -> list[Channels]:
    """Each channel less its mean, in units of its deviation, in float32; without those that do not vary.

    For correlations each image has units of its own. For the other metrics both have the fixed image's.
    """
    units = [[_mean_and_deviation(channel, weights) for channel in channels] for channels, weights in checked]
    vary = [i for i, (one, other) in enumerate(zip(*units, strict=True)) if one[1] > 0 and other[1] > 0]
    for name, of_image in zip(NAMES, units, strict=True):
        if not any(deviation > 0 for _, deviation in of_image):
            raise wrong_value(name, "an image that is not constant", f"{of_image[0][0]} everywhere")
    if not vary:
        raise wrong_value("moving", "a channel that varies in both images", "none")
    if metric not in (*CORRELATIONS, INFORMATION):
        units[1] = units[0]
    out = []
    for (channels, weights), of_image in zip(checked, units, strict=True):
        scaled = namespace(channels).empty((len(vary), *channels.shape[1:]), "float32")
        for place, i in enumerate(vary):
            mean, deviation = of_image[i]
            scaled[place] = (channels[i] - mean) / deviation
        out.append((scaled, weights))
    return out


def _mean_and_deviation(channel: Array, weights: Array | None) -> tuple[float, float]:
    """Where it counts; the deviation is exactly 0 if all values are the same."""
    inside = channel if weights is None else channel[weights > 0]
    low, high = float(inside.min()), float(inside.max())
    if low == high:
        return low, 0.0
    mean = float(inside.mean(dtype="float64"))
    centred = inside - mean
    return mean, float((centred * centred).mean(dtype="float64")) ** 0.5


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


def _checked(image: Array, mask: Any, name: str, ndim: int) -> Channels:
    """Channels in a dtype that holds the image's exactly, and weights; what counts must be finite."""
    spatial = tuple(image.shape[image.ndim - ndim :])
    dtype = "float32" if image.dtype.name in EXACT_IN_FLOAT32 else "float64"
    channels = image.reshape(-1, *spatial).astype(dtype, copy=False)
    weights = None if mask is None else _weights(mask, f"{name}_mask", spatial)
    inside = channels if weights is None else channels[:, weights > 0]
    # The sum of numbers is finite if they are; the other way round, large ones may overflow.
    if not np.isfinite(float(inside.sum(dtype="float64"))) and not namespace(image).isfinite(inside).all():
        raise wrong_value(name, "finite pixels (a mask leaves others out)", "a NaN or an infinity")
    return channels, weights


def _dimensions(fixed: Array, moving: Array, ndim: int | None) -> int:
    """How many axes are spatial."""
    images = (fixed, moving)
    if fixed.ndim != moving.ndim:
        shapes = [tuple(image.shape) for image in images]
        raise wrong_value("moving", f"as many axes as fixed of shape {shapes[0]}", f"shape {shapes[1]}")
    if ndim is not None and (not isinstance(ndim, int) or ndim not in (2, 3)):
        raise wrong_value("ndim", "2 or 3", repr(ndim))
    dimensions = fixed.ndim if ndim is None else ndim
    if ndim != 3 and fixed.ndim == 3 and fixed.shape[-1] <= 4 < fixed.shape[0]:
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
