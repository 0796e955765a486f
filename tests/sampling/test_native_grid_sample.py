"""The compiled grid_sample and its vjp against a slow, obvious oracle of the sampling rules."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from warpkit._core import _native
from warpkit._core._threads import get_num_threads, set_num_threads
from warpkit.sampling._native_arguments import Sampling, Spline
from warpkit.sampling._native_grid_sample import pull, pull_vjp

pytestmark = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)

KERNELS = ["nearest", "linear"]
BOUNDARIES = ["constant", "border", "reflect", "mirror", "wrap"]
FRAMES = ["normalized", "corners", "pixel"]
DTYPES = [np.float32, np.float64]
DEFAULTS = {
    "kernel": "linear",
    "boundary": "constant",
    "fill_value": 0.0,
    "frame": "pixel",
    "derivative": None,
}


# ---- the oracle: one point, one channel, one tap at a time -------------------------------------------------


def pixel_coordinate(value, size, frame):
    scale, offset = {
        "normalized": (size / 2, (size - 1) / 2),
        "corners": ((size - 1) / 2, (size - 1) / 2),
        "pixel": (1.0, 0.0),
    }[frame]
    return np.float64(value) * scale + offset


def axis_taps(x, kernel, T):
    """[(tap index as float64, weight, derivative weight)] along one axis, x not NaN."""
    index = np.floor(x)
    fraction = x - index if abs(x) < 2.0**53 else np.float64(0)
    if kernel == "nearest":
        return [(index + (1.0 if fraction >= 0.5 else 0.0), T(1), T(0))]
    t = T(fraction)
    return [(index, T(1) - t, T(-1)), (index + 1.0, t, T(1))]


def pixel_of(index, size, boundary):
    """The pixel a tap means: an integer, 'fill', or None where the rule has no answer."""
    if boundary == "constant":
        return int(index) if 0 <= index <= size - 1 else "fill"
    if boundary == "border":
        return int(min(max(index, 0), size - 1))
    if abs(index) >= 2.0**53:
        return None
    index = int(index)
    if boundary == "wrap":
        return index % size
    period = 2 * size if boundary == "reflect" else max(2 * (size - 1), 1)
    rest = index % period
    if rest < size:
        return rest
    return 2 * size - 1 - rest if boundary == "reflect" else period - rest


def point_taps(coordinates, sizes, kernel, boundary, frame, T):
    """Every tap of one point, in row-major order: (pixel or None, value weight, one weight per derivative).

    None for a point without an answer. `coordinates` and `sizes` in coordinate order (x, y[, z]).
    """
    axes = []
    for value, size in zip(coordinates, sizes, strict=True):
        x = pixel_coordinate(value, size, frame)
        if np.isnan(x):
            return None
        taps = [(pixel_of(i, size, boundary), w, dw) for i, w, dw in axis_taps(x, kernel, T)]
        if any(pixel is None for pixel, _, _ in taps):
            return None
        axes.append(taps)
    result = []
    for combination in itertools.product(*axes[::-1]):  # the last image axis (x) fastest
        pixels = [pixel for pixel, _, _ in combination]
        pixel = None if "fill" in pixels else tuple(pixels)
        weight = functools.reduce(lambda a, b: a * b, [w for _, w, _ in combination])
        slopes = []
        for d in range(len(axes)):
            factors = [dw if len(axes) - 1 - d == e else w for e, (_, w, dw) in enumerate(combination)]
            slopes.append(functools.reduce(lambda a, b: a * b, factors))
        result.append((pixel, weight, slopes))
    return result


def weigh(pairs, T):
    total = T(-0.0)
    for weight, value in pairs:
        if weight != 0:
            total = total + weight * value
    return total


def oracle(image, grid, ct_out, *, kernel, boundary, fill_value, frame, derivative=None):
    """(out, ct_image, ct_grid), loop by loop."""
    T = image.dtype.type
    n, c, ndim = max(len(image), len(grid)), image.shape[1], image.ndim - 2
    fill = T(fill_value)
    points = grid.reshape(len(grid), -1, ndim)
    out = np.empty((n, c, points.shape[1]), T)
    ct = ct_out.reshape(out.shape)
    ct_image = np.zeros_like(image)
    sums = np.zeros(points.shape)
    nan = np.zeros(points.shape[:2], bool)
    for b, p in itertools.product(range(n), range(points.shape[1])):
        i, g = min(b, len(image) - 1), min(b, len(grid) - 1)
        taps = point_taps(points[g, p], image.shape[:1:-1], kernel, boundary, frame, T)
        if taps is None:
            out[b, :, p], nan[g, p] = np.nan, True
            continue
        for k in range(c):
            values = [fill if pixel is None else image[(i, k, *pixel)] for pixel, _, _ in taps]
            out[b, k, p] = weigh([(w, v) for (_, w, _), v in zip(taps, values, strict=True)], T)
            for pixel, weight, _ in taps:
                if pixel is not None and weight != 0:
                    ct_image[(i, k, *pixel)] += weight * ct[b, k, p]
            for d in range(ndim if kernel != "nearest" else 0):
                slope = weigh([(s[d], v) for (_, _, s), v in zip(taps, values, strict=True)], T)
                sums[g, p, d] += np.float64(ct[b, k, p]) * np.float64(slope)
    sizes = np.array(image.shape[:1:-1])
    scale = {"normalized": sizes / 2, "corners": (sizes - 1) / 2, "pixel": np.ones(ndim)}[frame]
    ct_grid = np.where(nan[..., None], np.nan, sums * scale).astype(grid.dtype).reshape(grid.shape)
    return out.reshape(n, c, *grid.shape[1:-1]), ct_image, ct_grid


@pytest.fixture
def rng():
    return np.random.default_rng(20240607)


# ---- inputs ------------------------------------------------------------------------------------------------


def make(rng, shape=(2, 3, 5, 7), grid_n=2, out=(4, 6), image_dtype="f8", grid_dtype="f8", frame="pixel"):
    """An image, a grid inside and around it with some coordinates on pixels, and an output cotangent."""
    ndim = len(shape) - 2
    image = rng.standard_normal(shape).astype(image_dtype)
    sizes = np.array(shape[:1:-1], float)
    pixel = rng.uniform(-2 * sizes - 1, 3 * sizes + 1, (grid_n, *out, ndim))
    inside = rng.uniform(0, sizes - 1, (grid_n, *out, ndim))
    pixel = np.where(rng.random((grid_n, *out, 1)) < 0.5, inside, pixel)
    pixel = np.where(rng.random(pixel.shape) < 0.3, np.round(2 * pixel) / 2, pixel)
    if frame == "normalized":
        pixel = (2 * pixel + 1) / sizes - 1
    elif frame == "corners":
        pixel = 2 * pixel / np.maximum(sizes - 1, 1) - 1
    ct_out = rng.standard_normal((max(shape[0], grid_n), shape[1], *out)).astype(image_dtype)
    return image, pixel.astype(grid_dtype), ct_out


def assert_same_bits(actual, expected):
    """Equal bit for bit; any NaN equals any NaN."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(actual, expected)
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(actual[number]), np.signbit(expected[number]))


def check(image, grid, ct_out, **options):
    options = DEFAULTS | options
    with np.errstate(all="ignore"):
        out, ct_image, ct_grid = oracle(image, grid, ct_out, **options)
    assert_same_bits(pull(image, grid, **options), out)
    got_image, got_grid = pull_vjp(ct_out, image, grid, needs=(True, True), **options)
    # The image's cotangent adds up in the order of the kernel's tiles, the oracle in that of the points.
    size = np.abs(ct_out[np.isfinite(ct_out)]).max(initial=0.0)
    tolerance = 64 * np.finfo(image.dtype).eps
    np.testing.assert_allclose(got_image, ct_image, rtol=tolerance, atol=tolerance * size)
    assert_same_bits(got_grid, ct_grid)


# ---- values and cotangents are the oracle's, bit for bit ---------------------------------------------------


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_2d(kernel, boundary, frame, rng):
    for image_dtype, grid_dtype in itertools.product(DTYPES, DTYPES):
        arrays = make(rng, image_dtype=image_dtype, grid_dtype=grid_dtype, frame=frame)
        check(*arrays, kernel=kernel, boundary=boundary, frame=frame, fill_value=0.7)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_3d(kernel, boundary, rng):
    for image_dtype, grid_dtype, frame in itertools.product(DTYPES, DTYPES, FRAMES):
        arrays = make(rng, (1, 2, 3, 4, 5), 1, (2, 3, 3), image_dtype, grid_dtype, frame)
        check(*arrays, kernel=kernel, boundary=boundary, frame=frame, fill_value=-1.5)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 1, 1, 4), (1, 2, 4, 1), (1, 1, 2, 2), (1, 1, 1, 3, 1)])
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_axes_of_one_pixel(kernel, boundary, shape, rng):
    for frame in FRAMES:
        arrays = make(rng, shape, 1, (5,), frame=frame)
        check(*arrays, kernel=kernel, boundary=boundary, frame=frame, fill_value=2.0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_interior_tiles_and_others(kernel, rng):
    """Whole tiles of interior points take a shorter path; so do other ones take theirs."""
    image = rng.standard_normal((1, 2, 20, 30)).astype(np.float32)
    grid = rng.uniform(0, 18.9, (1, 700, 2))
    grid[0, 300] = -0.5
    ct_out = rng.standard_normal((1, 2, 700)).astype(np.float32)
    for boundary in BOUNDARIES:
        check(image, grid, ct_out, kernel=kernel, boundary=boundary, fill_value=3.0)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("grid_dtype", DTYPES)
def test_strange_coordinates(kernel, boundary, grid_dtype, rng):
    strange = [np.nan, np.inf, -np.inf, 2.0**31, -(2.0**31), 2.0**53, 2.0**53 - 1, -(2.0**53), 1 - 2.0**53]
    strange += [1e300, -1e300, 1e30, -1e-300, -0.0, 0.49999999999999994, 0.5, -1e-17, 4.5, 5.0, 1e9 + 0.25]
    strange += [-1e15 + 0.5]
    with np.errstate(over="ignore"):
        values = np.array(strange).astype(grid_dtype)
    grid = np.stack(np.meshgrid(values, values[::-1], [*values[:3], grid_dtype(1.25)]), -1).reshape(1, -1, 3)
    image = rng.standard_normal((1, 1, 3, 4, 6))
    ct_out = rng.standard_normal((1, 1, grid.shape[1]))
    check(image, grid, ct_out, kernel=kernel, boundary=boundary, fill_value=0.25)
    check(image[0], grid[..., :2], ct_out.repeat(3, 1), kernel=kernel, boundary=boundary, fill_value=0.25)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_strange_values(kernel, boundary, rng):
    """A tap of zero weight is never used, so a NaN neighbour cannot poison a value; -0.0 stays -0.0."""
    image = rng.choice([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0], (1, 2, 5, 7))
    _, grid, ct_out = make(rng, (1, 2, 5, 7), 1, (8, 9))
    ct_out[0, 0, :4] = rng.choice([np.nan, np.inf, -0.0], (4, 9))
    check(image, grid, ct_out, kernel=kernel, boundary=boundary, fill_value=np.nan)
    check(image, grid, ct_out, kernel=kernel, boundary=boundary, fill_value=-0.0)


def test_identity_keeps_every_bit(rng):
    image = rng.choice([np.nan, np.inf, -0.0, 0.0, 1.0], (1, 1, 6, 9))
    grid = np.stack(np.meshgrid(np.arange(9.0), np.arange(6.0)), -1)[None]
    for kernel, boundary in itertools.product(KERNELS, BOUNDARIES):
        assert_same_bits(pull(image, grid, **DEFAULTS | {"kernel": kernel, "boundary": boundary}), image)


@pytest.mark.parametrize(("image_n", "grid_n"), [(1, 3), (3, 1), (3, 3)])
def test_batch_broadcast(image_n, grid_n, rng):
    for kernel in KERNELS:
        check(*make(rng, (image_n, 2, 5, 7), grid_n), kernel=kernel)


@pytest.mark.parametrize("needs", [(True, False), (False, True), (False, False), (True, True)])
def test_needs(needs, rng):
    image, grid, ct_out = make(rng)
    both = pull_vjp(ct_out, image, grid, needs=(True, True), **DEFAULTS)
    some = pull_vjp(ct_out, image, grid, needs=needs, **DEFAULTS)
    for wanted, given, expected in zip(needs, some, both, strict=True):
        if wanted:
            assert_same_bits(given, expected)
        else:
            assert given is None


@pytest.mark.parametrize(
    ("image_shape", "grid_shape"),
    [
        ((0, 1, 4, 4), (0, 3, 3, 2)),
        ((0, 1, 4, 4), (1, 3, 3, 2)),
        ((2, 0, 4, 4), (2, 3, 3, 2)),
        ((2, 1, 4, 4), (2, 0, 3, 2)),
        ((1, 1, 4, 4), (0, 3, 3, 2)),
        ((2, 3, 4, 4), (2, 2)),
    ],
)
def test_empty_and_few_points(image_shape, grid_shape):
    image, grid = np.ones(image_shape), np.ones(grid_shape)
    n = grid_shape[0] if image_shape[0] == 1 else image_shape[0]
    out = pull(image, grid, **DEFAULTS)
    assert out.shape == (n, image_shape[1], *grid_shape[1:-1])
    ct_image, ct_grid = pull_vjp(out, image, grid, needs=(True, True), **DEFAULTS)
    assert ct_image.shape == image_shape
    assert ct_grid.shape == grid_shape
    assert not ct_grid.any()


def test_read_only_and_strided_inputs(rng):
    image, grid, ct_out = make(rng, (2, 3, 10, 14))
    transposed = np.ascontiguousarray(ct_out.swapaxes(2, 3)).swapaxes(2, 3)
    views = image[:, ::-1, ::2, ::-1], grid[..., ::-1], transposed
    copies = [np.ascontiguousarray(view) for view in views]
    for array in (*views, *copies):
        array.flags.writeable = False
    assert_same_bits(pull(views[0], views[1], **DEFAULTS), pull(copies[0], copies[1], **DEFAULTS))
    given = pull_vjp(views[2], views[0], views[1], needs=(True, True), **DEFAULTS)
    expected = pull_vjp(copies[2], copies[0], copies[1], needs=(True, True), **DEFAULTS)
    for one, other in zip(given, expected, strict=True):
        assert_same_bits(one, other)


# ---- what no kernel fits is left to the array code ---------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"image": np.ones((1, 1, 4, 4), np.int64)},
        {"image": np.ones((1, 1, 4, 4), ">f8")},
        {"image": np.ma.ones((1, 1, 4, 4))},
        {"image": [[1.0]]},
        {"grid": np.ones((1, 3, 2), int)},
        {"kernel": "a kernel without compiled code"},
        {"derivative": (2**40, 0)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_not_implemented(change):
    arguments = {"image": np.ones((1, 1, 4, 4)), "grid": np.ones((1, 3, 2))} | DEFAULTS | change
    assert pull(**arguments) is NotImplemented
    assert pull_vjp(np.ones((1, 1, 3)), needs=(True, True), **arguments) is NotImplemented


def test_derivative_of_order_zero_is_the_value():
    image, grid = np.ones((1, 1, 4, 4)), np.ones((1, 3, 2))
    assert_same_bits(pull(image, grid, **DEFAULTS | {"derivative": (0, 0)}), pull(image, grid, **DEFAULTS))


def test_ct_out_of_another_kind_is_not_implemented():
    image, grid = np.ones((1, 1, 4, 4)), np.ones((1, 3, 2))
    for ct_out in (np.ones((1, 1, 3), np.float32), np.ones((1, 1, 4)), None):
        assert pull_vjp(ct_out, image, grid, needs=(True, True), **DEFAULTS) is NotImplemented


# ---- same input, same bits ---------------------------------------------------------------------------------


@pytest.fixture
def threads():
    """Restores the number of threads."""
    before = get_num_threads()
    yield set_num_threads
    set_num_threads(before)


def big_case(rng, image_n=1, grid_n=1, ndim=2):
    """Enough work for every thread asked for, points that crowd and collide, some without an answer."""
    shape = (image_n, 2, 200, 150) if ndim == 2 else (image_n, 2, 30, 25, 40)
    sizes = np.array(shape[:1:-1], float)
    grid = rng.uniform(-0.2 * sizes, 1.2 * sizes, (grid_n, 300_000, ndim))
    grid[:, ::7] = 0.3 * sizes + rng.standard_normal(grid[:, ::7].shape)
    grid[:, ::1001, 0] = np.nan
    image = rng.standard_normal(shape).astype(np.float32)
    return image, grid, rng.standard_normal((max(image_n, grid_n), 2, 300_000)).astype(np.float32)


def everything(image, grid, ct_out, **options):
    options = DEFAULTS | options
    return [pull(image, grid, **options), *pull_vjp(ct_out, image, grid, needs=(True, True), **options)]


@pytest.mark.parametrize(("image_n", "grid_n", "ndim"), [(1, 1, 2), (3, 1, 2), (1, 3, 2), (1, 1, 3)])
def test_any_number_of_threads(image_n, grid_n, ndim, rng, threads):
    arrays = big_case(rng, image_n, grid_n, ndim)
    for boundary in ("constant", "mirror"):
        threads(1)
        expected = everything(*arrays, boundary=boundary)
        for number in (2, 3, 8, 1000):
            threads(number)
            for one, other in zip(everything(*arrays, boundary=boundary), expected, strict=True):
                assert_same_bits(one, other)


def test_alone_or_in_a_batch(rng):
    image, grid, ct_out = big_case(rng, 3, 3)
    together = everything(image, grid, ct_out)
    for n in range(3):
        one = slice(n, n + 1)
        for alone, batched in zip(everything(image[one], grid[one], ct_out[one]), together, strict=True):
            assert_same_bits(alone, batched[one])


def test_push_adds_in_row_major_order():
    """All points on one pixel: float32 sums show the order they were added in."""
    rng = np.random.default_rng(0)
    ct_out = (rng.standard_normal((1, 1, 300_000)) * 10.0 ** rng.integers(-4, 4, 300_000)).astype(np.float32)
    image, grid = np.ones((1, 1, 3, 3), np.float32), np.ones((1, 300_000, 2))
    ct_image, _ = pull_vjp(ct_out, image, grid, needs=(True, False), **DEFAULTS)
    assert ct_image[0, 0, 1, 1] == np.cumsum(ct_out, dtype=np.float32)[-1]


def test_64_bit_places():
    """An image of more than 2^31 pixels per channel, as sparse memory: only touched pages are real."""
    width, height = 2**16, 2**15 + 5
    try:
        image = np.zeros((1, 1, height, width), np.float32)
    except MemoryError:
        pytest.skip("the system does not hand out 8 GiB of untouched memory")
    image[0, 0, -1, -3:] = [1.0, 2.0, 4.0]
    grid = np.array([[[width - 2.5, height - 1.0], [width - 1.5, height - 1.5]]])
    assert pull(image, grid, **DEFAULTS).tolist() == [[[1.5, 1.5]]]


def child_digest(queue):
    queue.put(digest())


def digest():
    """A hash of results of every kind, for comparisons between processes."""
    rng = np.random.default_rng(7)
    result = hashlib.sha256()
    for image_dtype, grid_dtype, kernel, boundary, ndim in itertools.product(
        DTYPES, DTYPES, KERNELS, BOUNDARIES, (2, 3)
    ):
        shape, out = ((2, 2, 9, 11), (40, 30)) if ndim == 2 else ((2, 2, 5, 6, 7), (10, 9, 11))
        image, grid, ct_out = make(rng, shape, 2, out, image_dtype, grid_dtype)
        image[0, 0, 0], grid[0, 0, :3, 0] = np.nan, [np.nan, np.inf, -1e30]
        for array in everything(image, grid, ct_out, kernel=kernel, boundary=boundary, fill_value=0.1):
            result.update(np.where(np.isnan(array), np.nan, array).astype(array.dtype).tobytes())
    for array in everything(*big_case(rng)):
        result.update(np.where(np.isnan(array), np.nan, array).astype(array.dtype).tobytes())
    return result.hexdigest()


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")  # JAX's, where other tests imported it
def test_forked_child():
    expected = digest()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # "this process is multi-threaded": the very case
        child = context.Process(target=child_digest, args=(queue,))
        child.start()
    assert queue.get(timeout=60) == expected
    child.join(timeout=60)
    assert child.exitcode == 0


@pytest.mark.parametrize("instruction_set", ["baseline", "x86-64", "x86-64-v3", "x86-64-v4"])
def test_every_instruction_set_gives_the_same_bits(instruction_set):
    program = (
        "import importlib.util, json, sys; from warpkit._core import _native\n"
        "kernels = _native.load()\n"
        "spec = importlib.util.spec_from_file_location('case', sys.argv[1])\n"
        "case = importlib.util.module_from_spec(spec); spec.loader.exec_module(case)\n"
        "print(json.dumps([kernels.instruction_set, kernels.reason, kernels.library and case.digest()]))\n"
    )
    environment = os.environ | {"WARPKIT_KERNELS": instruction_set}
    command = [sys.executable, "-c", program, str(Path(__file__).resolve())]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    used, reason, result = json.loads(run.stdout)
    if used is None:
        pytest.skip(reason)
    assert used == instruction_set
    assert result == digest()


@pytest.mark.skipif(sys.platform != "linux", reason="switches denormals off with the C library of Linux")
def test_denormals_survive_a_library_that_switches_them_off():
    """torch.set_flush_denormal and -ffast-math libraries change the processor's state of this thread."""
    flush = flush_denormals_library()
    image = np.full((1, 1, 2, 2), 2.0**-1040)
    grid = np.full((1, 1, 2), 0.5)
    flush(1)
    try:
        out = pull(image, grid, **DEFAULTS)
        off = flush(2)
    finally:
        flush(0)
    assert out.item() == 2.0**-1040
    assert off, "the kernel must leave the state as it found it"


def flush_denormals_library():
    compiler = shutil.which("cc") or pytest.skip("needs a C compiler")
    import ctypes
    import tempfile

    source = (
        "#include <xmmintrin.h>\n"
        "int flush(int what) { if (what == 2) return (_mm_getcsr() & 0x8040) == 0x8040;"
        " _mm_setcsr(what ? _mm_getcsr() | 0x8040 : _mm_getcsr() & ~0x8040); return 0; }\n"
    )
    folder = Path(tempfile.mkdtemp())
    (folder / "flush.c").write_text(source)
    command = [compiler, "-shared", "-fPIC", "-o", str(folder / "flush.so"), str(folder / "flush.c")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs a C compiler for x86-64")
    return ctypes.CDLL(str(folder / "flush.so")).flush


# ---- the headers are device code too -----------------------------------------------------------------------

DEVICE_SOURCE = """
#include "warpkit/boundary.h"
#include "warpkit/coordinate.h"
#include "warpkit/pixel_type.h"
#include "warpkit/radial_basis.h"
#include "warpkit/tap_kernel.h"

template <typename Kernel, typename Rule, typename S, typename T>
__global__ void sample_row(const S *row, long long size, const double *grid, S *out) {
    const wk::Cell cell = wk::cell_of(wk::pixel_coordinate(grid[threadIdx.x], size / 2.0, (size - 1) / 2.0));
    T weight[Kernel::TAPS], sum = T(-0.0);
    Kernel::template weights<0>(static_cast<T>(Kernel::local(cell.fraction)), weight);
    for (int tap = 0; tap < Kernel::TAPS; ++tap) {
        const double i = Kernel::first_tap(cell) + tap;
        const double pixel = Rule::resolve(i, static_cast<double>(size));
        const T value = pixel < 0 ? T(0) : wk::to_arithmetic(row[static_cast<long long>(pixel)]);
        sum = wk::accumulate(sum, Rule::has_answer(i) ? weight[tap] : T(wk::NOT_A_NUMBER), value);
    }
    out[threadIdx.x] = wk::Pixel<S>::of(sum + static_cast<T>(wk::radial_basis<2>(cell.fraction)));
}

#define INSTANTIATE(kernel, rule, stored, arithmetic)                              \\
    template __global__ void sample_row<wk::kernel, wk::rule, stored, arithmetic>( \\
        const stored *, long long, const double *, stored *);
"""


def headers():
    folders = [Path(entry, "include") for entry in _kernel_folders()]
    return next(folder for folder in folders if folder.is_dir())


def _kernel_folders():
    return [Path(entry, "kernels") for entry in sys.modules["warpkit"].__path__]


def test_headers_compile_as_device_code(tmp_path):
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        pytest.skip("needs nvcc, the CUDA compiler")
    lines = [
        f"INSTANTIATE({kernel}, {rule}, {stored}, {arithmetic})"
        for kernel in ("Linear", "Nearest")
        for rule in ("Constant", "Border", "Reflect", "Mirror", "Wrap")
        for stored, arithmetic in (("float", "float"), ("double", "double"), ("wk::Half", "float"))
    ]
    source = tmp_path / "sample_row.cu"
    source.write_text(DEVICE_SOURCE + "\n".join(lines) + "\n")
    flags = ["--std=c++17", "--fmad=false", "-arch=sm_90", "-I", str(headers())]
    command = [nvcc, "-cubin", "-x", "cu", *flags, "-o", str(tmp_path / "out.cubin"), str(source)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_headers_include_no_standard_header():
    for file in headers().rglob("*.h"):
        included = [line for line in file.read_text().splitlines() if line.startswith("#include")]
        assert all('"warpkit/' in line for line in included), file


@pytest.mark.parametrize("structure", [Sampling, Spline])
def test_arguments_mirror_the_c_struct(structure):
    """The fields of the ctypes struct are those of abi.h, in the same order."""
    folder = next(folder for folder in _kernel_folders() if (folder / "cpu").is_dir())
    name = f"struct wk_{structure.__name__.lower()} {{"
    struct = (folder / "cpu" / "abi.h").read_text().split(name)[1].split("};")[0]
    names = re.findall(r"^ +[^/;]*?(\w+)(?:\[\d\])?;", struct, re.MULTILINE)
    assert names == [name for name, _ in structure._fields_]
