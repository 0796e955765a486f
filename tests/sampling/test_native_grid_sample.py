"""The compiled grid_sample: its values have the bits of the array code, its derivatives agree to rounding."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import mmap
import sys

import numpy as np
import pytest

from warpkit import grid_gradient, grid_sample, identity_grid
from warpkit._core import _native
from warpkit.grids import frame_scales
from warpkit.sampling import BOUNDARIES
from warpkit.sampling._native_arguments import KERNELS
from warpkit.sampling._native_grid_sample import pull, pull_jvp, pull_vjp

pytestmark = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)

FRAMES = ["normalized", "corners", "pixel"]
FLOATS = ["f4", "f8", "f2"]
DTYPES = [*FLOATS, "u1", "u2", "i2"]
SIZES = {1: (29,), 2: (13, 17), 3: (9, 7, 11)}
DEFAULTS = {
    "kernel": "linear",
    "boundary": "constant",
    "fill_value": 0.0,
    "frame": "pixel",
    "derivative": None,
}

every_kernel = pytest.mark.parametrize("kernel", KERNELS)
every_boundary = pytest.mark.parametrize("boundary", BOUNDARIES)


@contextlib.contextmanager
def array_code():
    """In here ops run as array code, down to the last one that a rule calls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_native, "load", lambda: _native.Kernels(None, None, None, "switched off by a test"))
        yield


def values_of(image, grid, **options):
    """What the array code gives."""
    with np.errstate(all="ignore"):
        return grid_sample.body(image, grid, **options)


def assert_same_bits(actual, expected):
    """Equal bit for bit; any NaN equals any NaN."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(actual, expected)
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(actual[zero]), np.signbit(expected[zero]))


def check_values(image, grid, **options):
    options = DEFAULTS | options
    assert_same_bits(pull(image, grid, **options), values_of(image, grid, **options))


@pytest.fixture
def rng():
    return np.random.default_rng(20240607)


# ---- inputs ------------------------------------------------------------------------------------------------

STRANGE = [np.nan, np.inf, -np.inf, 2.0**31, -(2.0**31), 2.0**53, 2.0**53 - 1, -(2.0**53), 1 - 2.0**53]
STRANGE += [1e300, -1e300, 1e30, -1e-300, -0.0, 0.49999999999999994, 0.5, -0.5, -1e-17, 4.5, 5.0, 1e9 + 0.25]
STRANGE += [-1e15 + 0.5, 2.0**52 + 1, -(2.0**52) - 0.5, 2.0**54]


def draw_image(rng, shape, dtype):
    """Some pixels of a floating image are not finite or -0.0, in the last channel."""
    if np.dtype(dtype).kind != "f":
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    image = rng.standard_normal(shape)
    last = image[:, -1]
    last[...] = np.where(
        rng.random(last.shape) < 0.02, rng.choice([np.nan, np.inf, -np.inf], last.shape), last
    )
    last[...] = np.where(rng.random(last.shape) < 0.1, -0.0, last)
    return image.astype(dtype)


def draw_grid(rng, n, shape, dtype, frame, rows=24, columns=35):
    """Rows of points inside an image, then far outside, then anywhere, at last strange ones."""
    lengths = np.array(shape[::-1], float)
    inside = rng.uniform(
        np.minimum(1, lengths / 3), np.maximum(lengths - 2.5, lengths / 2), (n, 8, columns, len(shape))
    )
    outside = rng.uniform(2 * lengths + 5, 3 * lengths + 5, (n, 8, columns, len(shape)))
    around = rng.uniform(-2 * lengths - 1, 3 * lengths + 1, (n, rows - 16, columns, len(shape)))
    around = np.where(rng.random(around.shape) < 0.5, rng.uniform(-2, lengths + 1, around.shape), around)
    around = np.where(rng.random(around.shape) < 0.3, np.rint(2 * around) / 2, around)  # on kinks
    pixels = np.concatenate([inside, outside, around], axis=1)
    scales, offsets = (np.array(numbers) for numbers in frame_scales(shape, frame))
    grid = (pixels - offsets) / np.where(scales == 0, 1, scales)
    grid[:, -1] = np.where(
        rng.random(grid[:, -1].shape) < 0.4, rng.choice(STRANGE, grid[:, -1].shape), grid[:, -1]
    )
    with np.errstate(over="ignore"):
        return grid.astype(dtype)


def draw_fill(rng, dtype):
    return float(rng.choice([0.0, -0.0, 0.7, np.inf, np.nan] if np.dtype(dtype).kind == "f" else [0, 3, 100]))


def draw_derivative(rng, ndim):
    """None or orders of up to 3; one more than the highest that any kernel has."""
    return None if rng.random() < 0.4 else tuple(int(k) for k in rng.integers(0, 5, ndim))


# ---- values ------------------------------------------------------------------------------------------------


@every_boundary
@every_kernel
def test_values(kernel, boundary, rng):
    for ndim, dtype in itertools.product((1, 2, 3), DTYPES):
        shape, frame = SIZES[ndim], rng.choice(FRAMES)
        image = draw_image(rng, (2, 2, *shape), dtype)
        grid = draw_grid(rng, 2, shape, rng.choice(FLOATS), frame)
        for derivative in (None, draw_derivative(rng, ndim)):
            options = {"kernel": kernel, "boundary": boundary, "frame": frame, "derivative": derivative}
            check_values(image, grid, fill_value=draw_fill(rng, dtype), **options)


@pytest.mark.slow
@pytest.mark.parametrize("ndim", [1, 2, 3])
@every_boundary
@every_kernel
def test_values_of_all_dtypes_and_derivatives(kernel, boundary, ndim, rng):
    orders = list(itertools.product(range(4), repeat=ndim))
    for dtype, grid_dtype, frame in itertools.product(DTYPES, FLOATS, FRAMES):
        image = draw_image(rng, (2, 2, *SIZES[ndim]), dtype)
        grid = draw_grid(rng, 2, SIZES[ndim], grid_dtype, frame)
        chosen = [orders[i] for i in rng.permutation(len(orders))[:8]]
        for derivative in (None, *chosen):
            options = {"kernel": kernel, "boundary": boundary, "frame": frame, "derivative": derivative}
            check_values(image, grid, fill_value=draw_fill(rng, dtype), **options)


@pytest.mark.parametrize("shape", [(1,), (2,), (1, 1), (1, 4), (4, 1), (2, 2), (3, 1, 2), (1, 2, 1)])
@every_boundary
@every_kernel
def test_axes_of_one_and_two_pixels(kernel, boundary, shape, rng):
    for frame, derivative in itertools.product(FRAMES, (None, (1,) * len(shape))):
        image, grid = draw_image(rng, (1, 2, *shape), "f8"), draw_grid(rng, 1, shape, "f8", frame, 18, 5)
        options = {"kernel": kernel, "boundary": boundary, "frame": frame, "derivative": derivative}
        check_values(image, grid, fill_value=2.0, **options)


@every_boundary
@every_kernel
@pytest.mark.parametrize("grid_dtype", FLOATS)
def test_every_pair_of_strange_coordinates(kernel, boundary, grid_dtype, rng):
    with np.errstate(over="ignore"):
        values = np.array(STRANGE).astype(grid_dtype)
    grid = np.stack(np.meshgrid(values, values[::-1]), -1)[None]
    image = rng.standard_normal((1, 1, 4, 6))
    check_values(image, grid, kernel=kernel, boundary=boundary, fill_value=0.25)
    check_values(image.astype("f4"), grid, kernel=kernel, boundary=boundary, fill_value=np.inf)


@every_boundary
@every_kernel
def test_strange_values(kernel, boundary, rng):
    """A tap of zero weight is never used, so a NaN neighbour cannot poison a value; -0.0 stays -0.0."""
    image = rng.choice([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0], (1, 2, 5, 7))
    grid = draw_grid(rng, 1, (5, 7), "f8", "pixel")
    for fill_value in (np.nan, -0.0, np.inf):
        check_values(image, grid, kernel=kernel, boundary=boundary, fill_value=fill_value)


def test_largest_and_smallest_numbers(rng):
    """Denormals are computed with, and sums overflow to infinity, as in array code."""
    grid = draw_grid(rng, 1, (9, 11), "f8", "pixel")
    for kernel, dtype in itertools.product(KERNELS, FLOATS):
        limits = np.finfo(dtype)
        for size in (limits.smallest_subnormal, limits.tiny, limits.max / 2):
            image = (rng.uniform(-2, 2, (1, 1, 9, 11)) * float(size)).astype(dtype)
            check_values(image, grid, kernel=kernel, boundary="mirror")


# Outputs of as many columns as a tile has, of twice that, of rows that are taken whole, and of few rows.
CROPS = [
    (16, 16),
    (16, 32),
    (7, 48),
    (40, 64),
    (2, 128),
    (3, 80),
    (50, 16),
    (1, 32),
    (2, 32),
    (33, 33),
    (64, 96),
    (5, 17),
]


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize(
    "steps", [(1, 1), (-1, 1), (1, -1), (2, 1), (1, 2), (0, 1), (0.999, 0.0625)], ids=str
)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_crops_and_flips(crop, steps, dtype, rng):
    """Points of a row read pixels that follow each other, in images that are wider than the output."""
    image = rng.random((2, 2, 150, 201)).astype(dtype)
    for place in ((20, 30), (20.25, 30.75), (-3.5, 140.5), (149.5, 100.25)):
        rows, columns = (
            start + step * np.arange(n) for start, step, n in zip(place, steps, crop, strict=True)
        )
        grid = np.stack(np.meshgrid(columns, rows), axis=-1)[None].astype(dtype)
        check_values(image, grid)
        check_values(image, grid, boundary="mirror")


@pytest.mark.parametrize("crop", [(8, 8, 16), (4, 8, 32), (3, 2, 64), (5, 20, 48), (6, 7, 5)])
def test_crops_in_3d(crop, rng):
    image = rng.random((1, 1, 30, 40, 90), np.float32)
    for place in ((2, 3, 4), (2.25, 30.5, 4.75), (25.5, 3, 60.25)):
        axes = (start + np.arange(n) for start, n in zip(place, crop, strict=True))
        grid = np.stack(np.meshgrid(*axes, indexing="ij")[::-1], axis=-1)[None]
        check_values(image, grid.astype(np.float32))


@pytest.mark.skipif(sys.platform != "linux", reason="needs mprotect")
@pytest.mark.parametrize("shape", [(32,), (2, 32), (1, 32), (2, 33), (4, 64), (16, 16), (3, 31)], ids=str)
def test_nothing_beyond_the_arrays_is_read(shape, rng):
    """They end where memory that must not be read begins; rows are read from the last one up."""
    ndim = len(shape)
    image = before_a_wall(rng.random((1, 1, *[100] * ndim), np.float32))
    axes = [98.25 - np.arange(n) for n in shape[:-1]] + [99.0 - shape[-1] + np.arange(shape[-1])]
    grid = np.stack(np.meshgrid(*axes, indexing="ij")[::-1], axis=-1)[None].astype(np.float32)
    check_values(image, before_a_wall(grid))


def before_a_wall(array):
    """A copy that ends where a page of memory ends that is followed by one that nobody may touch."""
    pages = -(-array.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
    memory = mmap.mmap(-1, pages + mmap.PAGESIZE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    wall = ctypes.c_void_p(start + pages), ctypes.c_size_t(mmap.PAGESIZE)
    assert ctypes.CDLL(None).mprotect(*wall, 0) == 0
    copy = np.frombuffer(memory, array.dtype, array.size, pages - array.nbytes).reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "cubic_sharp"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_identity_keeps_every_bit(kernel, dtype, rng):
    for shape, boundary in itertools.product(SIZES.values(), BOUNDARIES):
        image = draw_image(rng, (2, 2, *shape), dtype)
        out = pull(
            image, identity_grid(shape, "pixel"), **DEFAULTS | {"kernel": kernel, "boundary": boundary}
        )
        assert_same_bits(out, image)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_linear_accuracy(boundary, ndim, rng):
    """Exact coordinates: float32 values within 4 units in the last place of the largest tap."""
    shape = SIZES[ndim]
    image = (rng.standard_normal((1, 1, *shape)) * 2.0 ** rng.integers(-9, 9, shape)).astype(np.float32)
    steps = np.array(shape[::-1]) * 2**10
    grid = (rng.integers(-steps, 2 * steps, (1, 5000, ndim)) / 2**10).astype(np.float32)
    options = DEFAULTS | {"boundary": boundary, "fill_value": 0.5}
    found = pull(image, grid, **options)
    expected = pull(image.astype(np.float64), grid, **options)
    cells = np.floor(grid.astype(np.float64))
    corners = [np.array(corner) for corner in itertools.product((0, 1), repeat=ndim)]
    nearest = options | {"kernel": "nearest"}
    largest = np.max([abs(pull(image, cells + corner, **nearest)) for corner in corners], axis=0)
    assert np.all(abs(found - expected) <= 4 * np.spacing(largest))
    exact = identity_grid(shape, "pixel").reshape(1, -1, ndim)
    np.testing.assert_array_equal(pull(image, exact, **options).ravel(), image.ravel())


# ---- shapes, memory ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("image_n", "grid_n"), [(1, 3), (3, 1), (3, 3)])
def test_batch_broadcast(image_n, grid_n, rng):
    image, grid = draw_image(rng, (image_n, 2, 13, 17), "f8"), draw_grid(rng, grid_n, (13, 17), "f4", "pixel")
    for kernel in KERNELS:
        check_values(image, grid, kernel=kernel)


EMPTY = [
    ((0, 1, 4, 4), (0, 3, 3, 2)),
    ((0, 1, 4, 4), (1, 3, 3, 2)),
    ((2, 0, 4, 4), (2, 3, 3, 2)),
    ((2, 1, 4, 4), (2, 0, 3, 2)),
    ((2, 1, 4, 4), (2, 3, 0, 2)),
    ((1, 1, 4, 4), (0, 3, 3, 2)),
    ((1, 1, 4), (1, 0, 1)),
    ((2, 3, 4, 4), (2, 2)),  # no axis of points: one point
]


@pytest.mark.parametrize(("image_shape", "grid_shape"), EMPTY)
@every_kernel
def test_empty_and_few_points(kernel, image_shape, grid_shape):
    image, grid = np.ones(image_shape), np.ones(grid_shape)
    n = grid_shape[0] if image_shape[0] == 1 else image_shape[0]
    options = DEFAULTS | {"kernel": kernel, "boundary": "border"}
    out = pull(image, grid, **options)
    assert out.shape == (n, image_shape[1], *grid_shape[1:-1])
    ct_image, ct_grid = pull_vjp(out, image, grid, needs=(True, True), **options)
    assert ct_image.shape == image_shape
    assert ct_grid.shape == grid_shape
    np.testing.assert_allclose(ct_grid, 0, atol=1e-15)
    assert pull_jvp((image, grid), image, grid, **options).shape == out.shape


def misaligned(array):
    """The same numbers, at an address that is no multiple of their size."""
    buffer = np.empty(array.nbytes + 1, np.uint8)
    copy = buffer[1:].view(array.dtype).reshape(array.shape)
    copy[...] = array
    assert not copy.flags.aligned
    return copy


VIEWS = {
    "negative strides": lambda array: array[..., ::-1][..., ::-1].copy()[::-1][::-1],
    "reversed": lambda array: np.flip(np.flip(array).copy()),
    "every other": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "transposed": np.asfortranarray,
    "repeated": lambda array: np.broadcast_to(array[:1], array.shape),
    "misaligned": misaligned,
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "bspline2"])
def test_any_memory(kernel, view, rng):
    """Read-only, strided and misaligned arrays give what their copies give, and are not touched."""
    image, grid = draw_image(rng, (2, 2, 13, 17), "f4"), draw_grid(rng, 2, (13, 17), "f8", "pixel")
    ct_out = draw_image(rng, (2, 2, *grid.shape[1:-1]), "f4")
    options = DEFAULTS | {"kernel": kernel, "boundary": "mirror"}
    views = [view(array) for array in (image, grid, ct_out)]
    copies = [np.array(array, order="C") for array in views]
    before = [array.tobytes() for array in copies]
    for array in views:
        array.flags.writeable = False
    results = []
    for one, points, ct in (views, copies):
        results.append([pull(one, points, **options)])
        results[-1] += pull_vjp(ct, one, points, needs=(True, True), **options)
        results[-1] += [pull_jvp((one, points), one, points, **options)]
    for one, other in zip(*results, strict=True):
        assert_same_bits(one, other)
    assert [array.tobytes() for array in views] == before


# ---- what no kernel fits is left to the array code ---------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"image": np.ones((1, 1, 4, 4), np.int64)},
        {"image": np.ones((1, 1, 4, 4), bool)},
        {"image": np.ones((1, 1, 4, 4), ">f8")},
        {"image": np.ma.ones((1, 1, 4, 4))},
        {"image": [[1.0]]},
        {"grid": np.ones((1, 3, 2), int)},
        {"grid": np.ones((1, 3, 2), ">f4")},
        {"kernel": "a kernel without compiled code"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_not_implemented(change):
    arguments = {"image": np.ones((1, 1, 4, 4)), "grid": np.ones((1, 3, 2))} | DEFAULTS | change
    assert pull(**arguments) is NotImplemented
    assert pull_vjp(np.ones((1, 1, 3)), needs=(True, True), **arguments) is NotImplemented
    assert pull_jvp((None, None), **arguments) is NotImplemented


def test_cotangents_and_tangents_of_another_kind_are_not_implemented():
    image, grid = np.ones((1, 1, 4, 4)), np.ones((1, 3, 2))
    for ct_out in (np.ones((1, 1, 3), np.float32), np.ones((1, 1, 4)), None):
        assert pull_vjp(ct_out, image, grid, needs=(True, True), **DEFAULTS) is NotImplemented
    for tangents in ((image[..., 1:], None), (image.astype("f4"), None), (None, grid[:, 1:]), (None, [1.0])):
        assert pull_jvp(tangents, image, grid, **DEFAULTS) is NotImplemented


def test_derivatives_of_any_order():
    """Zero, without a sign, where all weights are; NaN where there is no answer."""
    image, grid = np.ones((1, 1, 4)), np.array([[[0.0], [0.3], [np.nan]]])
    for kernel, order in itertools.product(KERNELS, (4, 1000, 2**31, 2**70)):
        options = DEFAULTS | {"kernel": kernel, "frame": "normalized", "derivative": (order,)}
        assert_same_bits(pull(image, grid, **options), np.array([[[0.0, 0.0, np.nan]]]))
        ct_image, ct_grid = pull_vjp(np.ones((1, 1, 3)), image, grid, needs=(True, True), **options)
        assert_same_bits(ct_image, np.zeros((1, 1, 4)))
        assert_same_bits(ct_grid, grid * 0)


def test_derivative_of_order_zero_is_the_value():
    image, grid = np.ones((1, 1, 4, 4)), np.ones((1, 3, 2))
    assert_same_bits(pull(image, grid, **DEFAULTS | {"derivative": (0, 0)}), pull(image, grid, **DEFAULTS))


# ---- derivatives: the array code's rules, to rounding ------------------------------------------------------


def assert_close(found, expected, dtype, terms):
    """Sums of up to so many terms, in any order, relative to the largest; NaN and infinities in place."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    tolerance = terms * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * size)


def draw_case(rng, ndim, dtype, image_n=2, grid_n=2):
    frame = rng.choice(FRAMES) if dtype != "f2" else "pixel"  # other frames' slopes overflow float16
    image = draw_image(rng, (image_n, 2, *SIZES[ndim]), dtype)
    grid = draw_grid(rng, grid_n, SIZES[ndim], rng.choice(FLOATS), frame)
    shape = (max(image_n, grid_n), 2, *grid.shape[1:-1])
    ct_out = rng.standard_normal(shape).astype(dtype)
    return image, grid, ct_out, {"frame": frame, "derivative": draw_derivative(rng, ndim)}


def eps_of(*arrays):
    """The coarsest of their dtypes."""
    return max((array.dtype for array in arrays), key=lambda dtype: np.finfo(dtype).eps)


@every_boundary
@every_kernel
def test_cotangents(kernel, boundary, rng):
    for ndim, dtype in itertools.product((1, 2, 3), FLOATS):
        image_n, grid_n = [(2, 2), (1, 2), (2, 1)][rng.integers(3)]
        image, grid, ct_out, options = draw_case(rng, ndim, dtype, image_n, grid_n)
        options |= {"kernel": kernel, "boundary": boundary, "fill_value": 0.5}
        with np.errstate(all="ignore"):
            found = pull_vjp(ct_out, image, grid, needs=(True, True), **options)
            with array_code():
                expected = grid_sample.vjp(ct_out, image, grid, **options)
        assert_close(found[0], expected[0], dtype, 20)
        assert_close(found[1], expected[1], eps_of(image, grid), 20)


@every_boundary
@every_kernel
def test_tangents(kernel, boundary, rng):
    for ndim, dtype in itertools.product((1, 2, 3), FLOATS):
        image, grid, _, options = draw_case(rng, ndim, dtype)
        options |= {"kernel": kernel, "boundary": boundary, "fill_value": 0.5}
        tan_image, tan_grid = (
            draw_image(rng, image.shape, dtype),
            rng.standard_normal(grid.shape).astype(grid.dtype),
        )
        for tangents in ((tan_image, tan_grid), (tan_image, None), (None, tan_grid)):
            with np.errstate(all="ignore"):
                found = pull_jvp(tangents, image, grid, **options)
                with array_code():
                    expected = grid_sample.jvp(tangents, image, grid, **options)
            assert_close(found, expected, dtype, 20)


@pytest.mark.parametrize("needs", [(True, False), (False, True), (False, False), (True, True)])
def test_needs(needs, rng):
    image, grid, ct_out, _ = draw_case(rng, 2, "f8")
    both = pull_vjp(ct_out, image, grid, needs=(True, True), **DEFAULTS)
    some = pull_vjp(ct_out, image, grid, needs=needs, **DEFAULTS)
    for wanted, given, expected in zip(needs, some, both, strict=True):
        if wanted:
            assert_same_bits(given, expected)
        else:
            assert given is None


@every_kernel
def test_gradient(kernel, rng):
    """It consists of derivatives, and so has the bits of the array code's."""
    for ndim, dtype in itertools.product((1, 2, 3), DTYPES):
        image, grid = (
            draw_image(rng, (2, 2, *SIZES[ndim]), dtype),
            draw_grid(rng, 2, SIZES[ndim], "f8", "corners"),
        )
        options = {"kernel": kernel, "boundary": "reflect", "frame": "corners"}
        found = grid_gradient(image, grid, **options)
        with array_code(), np.errstate(all="ignore"):
            assert_same_bits(found, grid_gradient(image, grid, **options))
