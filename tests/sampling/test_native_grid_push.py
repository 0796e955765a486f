"""The compiled grid_push and its vjp: those of the array code, but for the order of their sums."""

from __future__ import annotations

import contextlib
import itertools

import numpy as np
import pytest

from warpkit import grid_count, grid_push
from warpkit._core import _native
from warpkit.grids import frame_scales
from warpkit.sampling import BOUNDARIES
from warpkit.sampling._native_arguments import KERNELS
from warpkit.sampling._native_grid_push import push, push_vjp

pytestmark = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)

FLOATS = ["f4", "f8", "f2"]
SIZES = {1: (29,), 2: (13, 17), 3: (9, 7, 11)}
DEFAULTS = {"kernel": "linear", "boundary": "constant", "frame": "pixel", "derivative": None}
STRANGE = [np.nan, np.inf, -np.inf, 2.0**31, -(2.0**53), 1e300, -1e-300, -0.0, 0.49999999999999994, -0.5]

every_kernel = pytest.mark.parametrize("kernel", KERNELS)
every_boundary = pytest.mark.parametrize("boundary", BOUNDARIES)


@contextlib.contextmanager
def array_code():
    """In here ops run as array code, down to the last one that a rule calls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_native, "load", lambda: _native.Kernels(None, None, None, "switched off by a test"))
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(20240608)


def draw_grid(rng, n, shape, dtype, frame="pixel"):
    """700 points inside an image and around it, on pixels and between; some strange ones."""
    lengths = np.array(shape[::-1], float)
    pixels = rng.uniform(-2 * lengths - 1, 3 * lengths + 1, (n, 20, 35, len(shape)))
    pixels = np.where(rng.random((n, 20, 35, 1)) < 0.6, rng.uniform(0, lengths - 1, pixels.shape), pixels)
    pixels = np.where(rng.random(pixels.shape) < 0.3, np.rint(2 * pixels) / 2, pixels)
    pixels[:, -1] = rng.choice(STRANGE, pixels[:, -1].shape)
    scales, offsets = (np.array(numbers) for numbers in frame_scales(shape, frame))
    with np.errstate(over="ignore"):
        return ((pixels - offsets) / np.where(scales == 0, 1, scales)).astype(dtype)


def draw_case(rng, ndim, dtype, values_n=2, grid_n=2):
    """Values (n, 2, 20, 35), a grid, and options."""
    frame = rng.choice(["normalized", "corners", "pixel"]) if dtype != "f2" else "pixel"
    derivative = None if rng.random() < 0.4 else tuple(int(k) for k in rng.integers(0, 5, ndim))
    grid = draw_grid(rng, grid_n, SIZES[ndim], rng.choice(FLOATS), frame)
    values = rng.standard_normal((values_n, 2, 20, 35)).astype(dtype)
    return values, grid, {"shape": SIZES[ndim], "frame": frame, "derivative": derivative}


def assert_close(found, expected, dtype, terms=20):
    """Equal but for the rounding of sums, relative to the largest; NaN and infinities in place."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    tolerance = terms * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * size)


@every_boundary
@every_kernel
def test_push(kernel, boundary, rng):
    for ndim, dtype, batches in itertools.product((1, 2, 3), FLOATS, ((2, 2), (1, 2), (2, 1))):
        values, grid, options = draw_case(rng, ndim, dtype, *batches)
        options |= {"kernel": kernel, "boundary": boundary}
        found = push(values, grid, **options)
        assert found.dtype == dtype
        assert_close(found, grid_push.body(values, grid, **options).astype(dtype), dtype)


@every_boundary
@every_kernel
def test_cotangents(kernel, boundary, rng):
    for ndim, dtype, batches in itertools.product((1, 2, 3), FLOATS, ((2, 2), (1, 2), (2, 1))):
        values, grid, options = draw_case(rng, ndim, dtype, *batches)
        options |= {"kernel": kernel, "boundary": boundary}
        ct_out = rng.standard_normal((2, 2, *SIZES[ndim])).astype(dtype)
        with np.errstate(all="ignore"):  # a float16 grid's slopes may overflow
            found = push_vjp(ct_out, values, grid, needs=(True, True), **options)
            with array_code():
                expected = grid_push.vjp(ct_out, values, grid, **options)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other, max((values.dtype, grid.dtype), key=lambda d: np.finfo(d).eps))


@every_kernel
def test_tangents(kernel, rng):
    """The rule of array code, on compiled pushes."""
    for ndim, boundary in itertools.product((1, 2, 3), BOUNDARIES):
        values, grid, options = draw_case(rng, ndim, "f8")
        grid = grid.astype("f8")
        options |= {"kernel": kernel, "boundary": boundary}
        tangents = rng.standard_normal(values.shape), rng.standard_normal(grid.shape)
        found = grid_push.jvp(tangents, values, grid, **options)
        with array_code():
            assert_close(found, grid_push.jvp(tangents, values, grid, **options), "f8")


@every_kernel
def test_count(kernel, rng):
    for ndim, boundary, dtype in itertools.product((1, 2, 3), BOUNDARIES, FLOATS):
        grid = draw_grid(rng, 2, SIZES[ndim], dtype)
        found = grid_count(grid, SIZES[ndim], kernel=kernel, boundary=boundary, frame="pixel")
        with array_code():
            expected = grid_count(grid, SIZES[ndim], kernel=kernel, boundary=boundary, frame="pixel")
        assert_close(found, expected.astype(dtype), dtype)


@every_kernel
def test_taps_of_zero_weight_spread_nothing(kernel, rng):
    """NaN and infinity reach the pixels whose taps have a weight, and no others."""
    values = rng.choice([np.nan, np.inf, 1.0], (1, 2, 300), p=[0.02, 0.02, 0.96])
    grid = np.rint(2 * rng.uniform(-3, 20, (1, 300, 2))) / 2
    for boundary in BOUNDARIES:
        options = DEFAULTS | {"kernel": kernel, "boundary": boundary, "shape": (13, 17)}
        found = push(values, grid, **options)
        assert np.isfinite(found).any()
        with np.errstate(all="ignore"):
            assert_close(found, grid_push.body(values, grid, **options), "f8")


def test_many_points_on_one_pixel(rng):
    """Sums of 300,000 numbers in float32, which rounding spoils where small numbers meet a large sum."""
    for kernel, ndim in itertools.product(KERNELS, (1, 2, 3)):
        values, grid = rng.uniform(0.5, 1.5, (1, 1, 300_000)).astype("f4"), np.full((1, 300_000, ndim), 2.0)
        options = DEFAULTS | {"kernel": kernel, "shape": (5,) * ndim}
        found = push(values, grid, **options)
        exact = push(values.astype("f8"), grid, **options)
        np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("values_shape", "grid_shape"),
    [
        ((0, 1, 3), (0, 3, 2)),
        ((2, 0, 3), (2, 3, 2)),
        ((2, 1, 0), (2, 0, 2)),
        ((1, 1, 3), (0, 3, 2)),
        ((1, 1, 3, 0), (1, 3, 0, 2)),
    ],
)
def test_empty(values_shape, grid_shape):
    values, grid = np.ones(values_shape), np.zeros(grid_shape)
    n = grid_shape[0] if values_shape[0] == 1 else values_shape[0]
    out = push(values, grid, shape=(4, 5), **DEFAULTS)
    np.testing.assert_array_equal(out, np.zeros((n, values_shape[1], 4, 5)))
    ct_values, ct_grid = push_vjp(out, values, grid, needs=(True, True), shape=(4, 5), **DEFAULTS)
    assert ct_values.shape == values_shape
    np.testing.assert_array_equal(ct_grid, np.zeros(grid_shape))


def misaligned(array):
    """The same numbers, at an address that is no multiple of their size."""
    copy = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.parametrize(
    "view", [np.asfortranarray, misaligned, lambda a: np.flip(np.flip(a).copy())], ids=["F", "mis", "flip"]
)
def test_any_memory(view, rng):
    values, grid, options = draw_case(rng, 2, "f4")
    options |= {"kernel": "cubic", "boundary": "wrap"}
    ct_out = rng.standard_normal((2, 2, 13, 17)).astype("f4")
    views = view(values), view(grid), view(ct_out)
    before = [array.tobytes() for array in views]
    for array in views:
        array.flags.writeable = False
    found = [push(*views[:2], **options), *push_vjp(views[2], *views[:2], needs=(True, True), **options)]
    expected = [push(values, grid, **options), *push_vjp(ct_out, values, grid, needs=(True, True), **options)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [array.tobytes() for array in views] == before


@pytest.mark.parametrize("needs", [(True, False), (False, True), (False, False)])
def test_needs(needs, rng):
    values, grid, options = draw_case(rng, 2, "f8", values_n=1)
    options |= {"kernel": "linear", "boundary": "border"}
    ct_out = rng.standard_normal((2, 2, 13, 17))
    both = push_vjp(ct_out, values, grid, needs=(True, True), **options)
    some = push_vjp(ct_out, values, grid, needs=needs, **options)
    for wanted, found, expected in zip(needs, some, both, strict=True):
        assert (found is not None) == wanted
        if wanted:
            np.testing.assert_array_equal(found, expected)


def test_what_no_kernel_fits():
    values, grid = np.ones((1, 1, 3)), np.zeros((1, 3, 2))
    options = DEFAULTS | {"shape": (4, 5)}
    for change in ((values.astype(">f8"), grid), (values.astype(int), grid), (values, grid.astype(int))):
        assert push(*change, **options) is NotImplemented
    assert push(values, grid, **options | {"kernel": "another"}) is NotImplemented
    for ct_out in (np.ones((1, 1, 4, 5), "f4"), np.ones((2, 1, 4, 5)), None):
        assert push_vjp(ct_out, values, grid, needs=(True, True), **options) is NotImplemented
