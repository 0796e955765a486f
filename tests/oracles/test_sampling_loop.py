"""Pull and push against loops over points, channels and taps that follow the published rules to the letter.

The array code must give the same bits in float32 and float64; only a push may round its sums otherwise.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warpkit import grid_count, grid_gradient, grid_push, grid_sample
from warpkit.sampling import BOUNDARIES
from warpkit.testing.strategies import shapes

KERNELS = ("nearest", "linear")
"""By the degree of the polynomials that they interpolate with."""


def scale_and_offset(size, frame):
    return {
        "normalized": (size / 2, (size - 1) / 2),
        "corners": ((size - 1) / 2, (size - 1) / 2),
        "pixel": (1.0, 0.0),
    }[frame]


def pixel_of(index, size, boundary):
    """Which pixel the tap `index` (a float) reads: an integer, "fill", or "no answer"."""
    if math.isnan(index):
        return "no answer"
    if boundary == "constant":
        return int(index) if 0 <= index < size else "fill"
    if boundary == "border":
        return int(min(max(index, 0), size - 1))
    if abs(index) >= 2.0**53:
        return "no answer"
    i = int(index)
    while not 0 <= i < size:  # walk home, one reflection after the other; far away, whole periods at once
        period = {"wrap": size, "reflect": 2 * size, "mirror": max(2 * (size - 1), 1)}[boundary]
        if not -period <= i < 2 * period:
            i %= period
        elif boundary == "wrap" or size == 1:
            i += size if i < 0 else -size
        elif boundary == "reflect":
            i = -1 - i if i < 0 else 2 * size - 1 - i
        else:
            i = -i if i < 0 else 2 * (size - 1) - i
    return i


def axis_taps(coordinate, size, order, kernel, boundary, frame, T):
    """Pairs (pixel, weight in T) along one axis."""
    scale, offset = scale_and_offset(size, frame)
    x = float(coordinate) * scale + offset
    floor = float(np.floor(x))
    fraction = x - floor if abs(x) < 2.0**53 else 0.0
    if kernel == "nearest":
        pairs = [(floor + (fraction >= 0.5), T(1) if order == 0 else T(0))]
    else:
        t = T(fraction)
        weights = {0: (T(1) - t, t), 1: (T(-1), T(1))}.get(order, (T(0), T(0)))
        pairs = [(floor, weights[0]), (floor + 1, weights[1])]
    return [(pixel_of(index, size, boundary), weight) for index, weight in pairs]


def point_taps(point, shape, derivative, T, **options):
    """Pairs (index of a pixel or "fill", weight) of one point, x fastest; None without an answer."""
    axes = [
        axis_taps(coordinate, size, order, T=T, **options)
        for coordinate, size, order in zip(point, shape[::-1], derivative, strict=True)
    ][::-1]
    if any(pixel == "no answer" for axis in axes for pixel, _ in axis):
        return None
    pairs = []
    for taps in itertools.product(*axes):
        pixels = tuple(pixel for pixel, _ in taps)
        weight = math.prod((w for _, w in taps[1:]), start=taps[0][1])
        pairs.append(("fill" if "fill" in pixels else pixels, weight))
    return pairs


def factor_of(shape, derivative, frame):
    """The chain rule: each derivative by a coordinate brings the scale of its axis."""
    return math.prod(
        scale_and_offset(size, frame)[0] ** k for size, k in zip(shape[::-1], derivative, strict=True)
    )


def loop_sample(image, grid, *, derivative, fill_value, frame, **options):
    n, shape = max(len(image), len(grid)), image.shape[2:]
    T = image.dtype.type
    out = np.empty((n, image.shape[1], *grid.shape[1:-1]), image.dtype)
    for b, c, p in itertools.product(range(n), range(image.shape[1]), np.ndindex(grid.shape[1:-1])):
        plane, point = image[b % len(image), c], grid[b % len(grid)][p]
        taps = point_taps(point, shape, derivative, T, frame=frame, **options)
        total = T(-0.0)
        for pixel, weight in taps or ():
            if weight != 0:
                total += weight * (T(fill_value) if pixel == "fill" else plane[pixel])
        if max(derivative) > KERNELS.index(options["kernel"]):  # zero by structure, without a sign
            total = T(0)
        factor = factor_of(shape, derivative, frame)
        out[(b, c, *p)] = T(np.nan) if taps is None else total * T(factor) if factor != 1 else total
    return out


def loop_push(values, grid, shape, *, derivative, frame, **options):
    n, T = max(len(values), len(grid)), values.dtype.type
    out = np.zeros((n, values.shape[1], *shape))
    for b, c, p in itertools.product(range(n), range(values.shape[1]), np.ndindex(grid.shape[1:-1])):
        taps = point_taps(grid[b % len(grid)][p], shape, derivative, T, frame=frame, **options)
        for pixel, weight in taps or ():
            if weight != 0 and pixel != "fill":
                share = T(weight) * T(factor_of(shape, derivative, frame)) * values[b % len(values), c][p]
                out[(b, c, *pixel)] += share
    return out


STRANGE = [np.nan, np.inf, -np.inf, 1e300, -1e300, 2.0**53, 1 - 2.0**53, 2.0**60, -0.0, -1e-17, 1e9 + 0.25]


@st.composite
def cases(draw):
    """A shape, a batch of grids near it, some points strange; batches may be 1 beside n."""
    ndim = draw(st.integers(1, 3))
    shape, out_shape = draw(shapes(ndim, max_side=4)), draw(shapes(draw(st.integers(0, 2)), max_side=3))
    frame = draw(st.sampled_from(["normalized", "corners", "pixel"]))
    n = draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lengths = np.array(shape[::-1])
    pixels = np.floor(rng.uniform(-2 * lengths - 1, 3 * lengths + 1, (n, *out_shape, ndim)))
    pixels += rng.choice([0.0, 0.5, 0.3, 1 - 2.0**-30], pixels.shape)
    scales, offsets = np.array([scale_and_offset(size, frame) for size in shape[::-1]]).T
    grid = (pixels - offsets) / np.where(scales == 0, 1, scales)
    if draw(st.booleans()):
        grid = np.where(rng.random(grid.shape) < 0.3, rng.choice(STRANGE, grid.shape), grid)
    with np.errstate(over="ignore"):
        grid = grid.astype(draw(st.sampled_from([np.float32, np.float64])))
    derivative = tuple(draw(st.sampled_from([0, 0, 0, 1, 2])) for _ in shape)
    return shape, grid[: draw(st.sampled_from([1, n]))], n, derivative, frame, rng


def check_bits(found, expected):
    """Equal to the sign of zero; NaN equals NaN."""
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[number]), np.signbit(expected[number]))


every_rule = pytest.mark.parametrize(
    ("kernel", "boundary"), [(kernel, boundary) for kernel in KERNELS for boundary in BOUNDARIES]
)


@every_rule
@settings(max_examples=40)
@given(cases(), st.sampled_from([np.float32, np.float64]), st.sampled_from([0.0, -0.0, 0.7, np.inf, np.nan]))
def test_sample(kernel, boundary, case, dtype, fill_value):
    shape, grid, n, derivative, frame, rng = case
    image = rng.standard_normal((n, 2, *shape)).astype(dtype)
    image = np.where(rng.random(image.shape) < 0.2, rng.choice([np.nan, np.inf, -0.0], image.shape), image)
    image = image.astype(dtype)
    options = {"kernel": kernel, "boundary": boundary, "frame": frame, "derivative": derivative}
    with np.errstate(invalid="ignore", over="ignore"):
        expected = loop_sample(image, grid, fill_value=fill_value, **options)
    check_bits(grid_sample(image, grid, fill_value=fill_value, **options), expected)


@every_rule
@settings(max_examples=40)
@given(cases(), st.sampled_from([np.float32, np.float64]))
def test_push(kernel, boundary, case, dtype):
    shape, grid, n, derivative, frame, rng = case
    values = rng.standard_normal((n, 2, *grid.shape[1:-1])).astype(dtype)
    options = {"kernel": kernel, "boundary": boundary, "frame": frame, "derivative": derivative}
    expected = loop_push(values, grid, shape, **options)
    out = grid_push(values, grid, shape, **options)
    assert out.dtype == dtype
    scale = factor_of(shape, derivative, frame) * values.size
    np.testing.assert_allclose(out, expected, rtol=0, atol=4 * np.finfo(dtype).eps * scale)


@every_rule
@settings(max_examples=15)
@given(cases())
def test_count_and_gradient(kernel, boundary, case):
    """Count is the push of ones; the gradient is one derivative after the other, x first."""
    shape, grid, n, _, frame, rng = case
    options = {"kernel": kernel, "boundary": boundary, "frame": frame}
    ones = np.ones((len(grid), 1, *grid.shape[1:-1]), grid.dtype)
    expected = loop_push(ones, grid, shape, derivative=(0,) * len(shape), **options)
    np.testing.assert_allclose(grid_count(grid, shape, **options), expected, rtol=1e-5, atol=1e-6)
    image = rng.standard_normal((n, 1, *shape))
    found = grid_gradient(image, grid, fill_value=0.5, **options)
    for axis in range(len(shape)):
        index = tuple(int(d == axis) for d in range(len(shape)))
        slopes = loop_sample(image, grid, derivative=index, fill_value=0.5, **options)
        check_bits(found[..., axis], slopes)
