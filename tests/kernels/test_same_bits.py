"""Same input, same bits: whatever the threads, the batch, the instruction set, the width of an index.

For reading and adding, their cotangents and tangents, at the points of a grid and of every transform; and for
the normal equations of transforms.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from warpkit._core import _native
from warpkit._core._threads import get_num_threads, set_num_threads
from warpkit.sampling import BOUNDARIES
from warpkit.sampling._native_arguments import AFFINE, KERNELS, PROJECTIVE, TPS, Spline
from warpkit.sampling._native_grid_sample import pull, pull_jvp, pull_vjp
from warpkit.warping import _native_warp
from warpkit.warping._native_gram import find_sums
from warpkit.warping._native_warp import Source

pytestmark = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)

SOURCES = ["grid", "affine", "projective", "tps"]
SMALL = {1: ((29,), (70,)), 2: ((13, 17), (20, 35)), 3: ((9, 7, 11), (5, 9, 20))}
"""Shapes of an image and of the output, by the number of axes."""
LARGE = {1: ((3000,), (90_000,)), 2: ((150, 130), (260, 300)), 3: ((30, 25, 40), (19, 60, 70))}
"""Enough work for every thread that is asked for."""

every_kernel = pytest.mark.parametrize("kernel", KERNELS)
every_ndim = pytest.mark.parametrize("ndim", [1, 2, 3])


# ---- what is computed --------------------------------------------------------------------------------------


def draw_grid(rng, n, shape, out_shape):
    """Points in and around an image, some in a crowd, some without an answer."""
    lengths = np.array(shape[::-1], float)
    grid = rng.uniform(-0.3 * lengths, 1.2 * lengths, (n, *out_shape, len(shape)))
    crowd = rng.random(grid.shape[:-1]) < 0.1
    grid[crowd] = 0.4 * lengths + 2 * rng.standard_normal((crowd.sum(), len(shape)))
    grid[rng.random(grid.shape) < 0.001] = np.nan
    return grid


def draw_matrices(rng, n, shape, out_shape, rows):
    """From the output's pixels to the input's: homogeneous matrices of so many rows, turned and sheared."""
    ndim = len(shape)
    matrices = np.zeros((n, ndim + 1, ndim + 1))
    scale = 1.3 * np.array(shape[::-1]) / np.array(out_shape[::-1])
    matrices[:, :ndim, :ndim] = (np.eye(ndim) + rng.uniform(-0.2, 0.2, (n, ndim, ndim))) * scale[:, None]
    matrices[:, :ndim, ndim] = rng.uniform(-3, 3, (n, ndim))
    matrices[:, ndim, :ndim] = rng.uniform(-0.2, 0.2, (n, ndim)) / np.array(out_shape[::-1])
    matrices[:, ndim, ndim] = 1
    return np.ascontiguousarray(matrices[:, :rows])


def draw_spline(rng, n, shape, out_shape):
    """Coefficients of a displacement of some pixels, and what its splines share."""
    ndim, controls = len(shape), 5
    centres = rng.uniform(-1, 1, (controls, ndim))
    spline = Spline(controls=controls, control_points=centres.ctypes.data)
    spline.centres = centres  # keeps the memory alive
    for d in range(ndim):
        length, out_length = shape[ndim - 1 - d], out_shape[ndim - 1 - d]
        spline.frame_scale[d], spline.frame_offset[d] = out_length / 2, (out_length - 1) / 2
        spline.identity_scale[d], spline.identity_offset[d] = length / out_length, rng.uniform(-2, 2)
    return rng.uniform(-2, 2, (n, controls + 1 + ndim, ndim)), spline


def draw_source(rng, kind, n, shape, out_shape):
    """A transform; a grid is an array."""
    ndim = len(shape)
    if kind == "grid":
        return draw_grid(rng, n, shape, out_shape)
    if kind == "affine":
        return Source(AFFINE, draw_matrices(rng, n, shape, out_shape, ndim), out_shape)
    if kind == "projective":
        return Source(PROJECTIVE, draw_matrices(rng, n, shape, out_shape, ndim + 1), out_shape)
    coefficients, spline = draw_spline(rng, n, shape, out_shape)
    return Source(TPS, coefficients, out_shape, spline)


class Case:
    """An image, points, and what they are differentiated with."""

    def __init__(self, rng, kind, shapes, dtype="f4", image_n=1, source_n=1, channels=2):
        shape, out_shape = shapes
        size = 1 if np.dtype(dtype).kind == "f" else 100
        self.image = (size * rng.random((image_n, channels, *shape))).astype(dtype)
        self.source = draw_source(rng, kind, source_n, shape, out_shape)
        self.is_grid = kind == "grid"
        parameters = self.source if self.is_grid else self.source.parameters
        self.tan_parameters = rng.standard_normal(parameters.shape)
        self.tan_image = rng.standard_normal(self.image.shape).astype(dtype)
        self.ct_out = rng.standard_normal((max(image_n, source_n), channels, *out_shape)).astype(dtype)
        self.weights = rng.random((max(image_n, source_n), *out_shape))

    def item(self, n):
        """One element of the batch, alone."""
        alone = object.__new__(Case)
        vars(alone).update(vars(self))
        for name in ("image", "tan_image", "ct_out", "weights", "tan_parameters"):
            array = getattr(self, name)
            setattr(alone, name, array[n : n + 1] if len(array) > 1 else array)
        if self.is_grid:
            alone.source = self.source[n : n + 1]
        else:
            one = self.source.parameters[n : n + 1]
            alone.source = Source(self.source.code, one, self.source.shape, self.source.spline)
        return alone

    def run(self, kernel, boundary, fill_value=0.5):
        """Values, the cotangents of image and points, the tangent; of transforms the normal equations, too.

        Of an integer image only values and normal equations.
        """
        options = {"kernel": kernel, "boundary": boundary, "fill_value": fill_value}
        floating = self.image.dtype.kind == "f"
        if self.is_grid:
            options |= {"frame": "pixel", "derivative": None}
            out = [pull(self.image, self.source, **options)]
            if floating:
                out += pull_vjp(self.ct_out, self.image, self.source, needs=(True, True), **options)
                tangents = self.tan_image, self.tan_parameters
                out.append(pull_jvp(tangents, self.image, self.source, **options))
            return out
        out = [_native_warp.pull(self.image, self.source, **options)]
        if floating:
            arguments = self.ct_out, self.image, self.source
            out += [_native_warp.image_cotangent(*arguments, **options)]
            out += [_native_warp.parameter_cotangent(*arguments, **options)]
            tangents = self.tan_image, self.tan_parameters
            out.append(_native_warp.tangent(*tangents, self.image, self.source, **options))
        functions = None
        if self.source.spline is not None:
            features = self.source.parameters.shape[1]
            functions = np.cos(np.arange(features * self.source.spline.controls)).reshape(features, -1)
        arrays = self.image, self.ct_out, self.weights
        sums = find_sums(*arrays, self.source, "pixel", functions, **options)
        return [*out, sums.squares, sums.mixed, sums.cost]


def sources_of(ndim):
    return [kind for kind in SOURCES if kind != "tps" or ndim > 1]


def assert_same_bits(found, expected):
    """Lists of arrays that are equal bit for bit; any NaN equals any NaN."""
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
        zero = other == 0
        np.testing.assert_array_equal(np.signbit(one[zero]), np.signbit(other[zero]))


# ---- threads, batches, repetition --------------------------------------------------------------------------


@pytest.fixture
def threads():
    """Restores the number of threads."""
    before = get_num_threads()
    yield set_num_threads
    set_num_threads(before)


@every_ndim
@every_kernel
def test_any_number_of_threads(kernel, ndim, threads):
    """And any number of times."""
    rng = np.random.default_rng(1)
    for kind, boundary in zip(sources_of(ndim), ["constant", "mirror", "wrap", "border"], strict=False):
        case = Case(rng, kind, LARGE[ndim], channels=1)
        threads(1)
        expected = case.run(kernel, boundary)
        for number in (8, 3, 2, 1):
            threads(number)
            assert_same_bits(case.run(kernel, boundary), expected)


@pytest.mark.parametrize(
    "shapes", [((150, 130), (260, 300)), ((40, 30), (50, 60)), ((30, 35, 40), (19, 60, 70))]
)
def test_any_number_of_threads_where_an_image_ends(shapes, threads):
    """Tiles beyond the edges of an image in zeros, which one patch holds or not; many channels."""
    rng = np.random.default_rng(9)
    for kind in ("affine", "projective"):
        case = Case(rng, kind, shapes, channels=7)
        threads(1)
        expected = case.run("linear", "constant")
        for number in (2, 3, 8):
            threads(number)
            assert_same_bits(case.run("linear", "constant"), expected)


@pytest.mark.parametrize(("image_n", "source_n"), [(1, 4), (4, 1), (9, 9)])
def test_any_number_of_threads_for_a_batch(image_n, source_n, threads):
    """One image that a batch adds to, points that a batch shares, more images than threads."""
    rng = np.random.default_rng(2)
    for kind in SOURCES:
        case = Case(rng, kind, ((50, 60), (110, 120)), image_n=image_n, source_n=source_n)
        threads(1)
        expected = case.run("linear", "reflect")
        for number in (2, 3, 8, 1000):
            threads(number)
            assert_same_bits(case.run("linear", "reflect"), expected)


@every_ndim
@every_kernel
def test_alone_or_in_a_batch(kernel, ndim):
    rng = np.random.default_rng(3)
    for kind, boundary in itertools.product(sources_of(ndim), ("constant", "mirror")):
        case = Case(rng, kind, SMALL[ndim], image_n=3, source_n=3)
        together = case.run(kernel, boundary)
        for n in range(3):
            alone = case.item(n).run(kernel, boundary)
            assert_same_bits(alone, [array[n : n + 1] for array in together])


def test_one_image_for_a_batch_of_points():
    """Values and tangents are those of the image beside each; its cotangent is the sum of theirs."""
    rng = np.random.default_rng(4)
    for kind in SOURCES:
        case = Case(rng, kind, SMALL[2], "f8", source_n=3)
        together = case.run("cubic", "border")
        parts = [case.item(n).run("cubic", "border") for n in range(3)]
        for i in (0, 2, 3):
            assert_same_bits([np.concatenate([part[i] for part in parts])], [together[i]])
        np.testing.assert_allclose(together[1], sum(part[1] for part in parts), rtol=1e-12, atol=1e-12)


# ---- the width of an index ---------------------------------------------------------------------------------


@pytest.fixture
def wide_index(monkeypatch):
    """In here all places in an image are 64 bits wide."""
    call = _native.call

    def call_wide(function, arguments):
        getattr(arguments, "sampling", arguments).wide_index = 1
        call(function, arguments)

    return lambda: monkeypatch.setattr(_native, "call", call_wide)


@every_ndim
def test_64_bit_places(ndim, wide_index):
    rng = np.random.default_rng(5)
    cases = [
        (Case(rng, kind, SMALL[ndim], dtype, 2, 2), kernel, boundary)
        for kind, kernel, boundary in itertools.product(sources_of(ndim), KERNELS, BOUNDARIES)
        for dtype in ("f4", "f8", "u1")
    ]
    narrow = [case.run(kernel, boundary, 1) for case, kernel, boundary in cases]
    wide_index()
    for (case, kernel, boundary), expected in zip(cases, narrow, strict=True):
        assert_same_bits(case.run(kernel, boundary, 1), expected)


def test_an_image_of_more_than_2_to_the_31_pixels():
    """As sparse memory: only touched pages are real."""
    width = height = 50_000
    try:
        image = np.zeros((1, 1, height, width), np.uint8)
    except MemoryError:
        pytest.skip("the system does not hand out 2.5 GB of untouched memory")
    image[0, 0, -2:, -4:] = [[10, 20, 40, 80], [30, 60, 120, 240]]
    grid = np.array([[[width - 2.5, height - 1.0], [width - 1.5, height - 1.5], [0.0, 0.0], [-9.0, 5.0]]])
    options = {"boundary": "border", "fill_value": 0.0, "frame": "pixel", "derivative": None}
    found = {kernel: pull(image, grid, kernel=kernel, **options).ravel().tolist() for kernel in KERNELS}
    corner = np.zeros((1, 1, 10, 10), np.uint8)
    corner[0, 0, -2:, -4:] = image[0, 0, -2:, -4:]
    near = np.where(grid > 100, grid - (width - 10), grid)
    assert found == {
        kernel: pull(corner, near, kernel=kernel, **options).ravel().tolist() for kernel in KERNELS
    }
    assert found["linear"] == [90, 120, 0, 0]


# ---- the instruction set -----------------------------------------------------------------------------------


@functools.cache
def digest():
    """A hash of results of every kind, for comparisons between processes."""
    rng = np.random.default_rng(7)
    result = hashlib.sha256()
    for ndim in (1, 2, 3):
        for kind, dtype in itertools.product(sources_of(ndim), ("f2", "f4", "f8", "u1", "u2", "i2")):
            case = Case(rng, kind, SMALL[ndim], dtype, 2, 2)
            for kernel, boundary in itertools.product(KERNELS, BOUNDARIES):
                for array in case.run(kernel, boundary, 1):
                    result.update(np.where(np.isnan(array), np.nan, array).astype(array.dtype).tobytes())
    return result.hexdigest()


@pytest.mark.parametrize("instruction_set", ["baseline", "x86-64", "x86-64-v3", "x86-64-v4"])
def test_every_instruction_set(instruction_set):
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
    used, reason, found = json.loads(run.stdout)
    if used is None:
        pytest.skip(reason)
    assert used == instruction_set
    assert found == digest()


# ---- the processor's state ---------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="switches denormals off with the C library of Linux")
def test_denormals_survive_a_library_that_switches_them_off(tmp_path):
    """torch.set_flush_denormal and -ffast-math libraries change the processor's state of this thread."""
    flush = denormals_switch(tmp_path)
    image, grid = np.full((1, 1, 2, 2), 2.0**-1040), np.full((1, 1, 2), 0.5)
    options = {"kernel": "linear", "boundary": "constant", "fill_value": 0.0, "frame": "pixel"}
    flush(1)
    try:
        out = pull(image, grid, derivative=None, **options)
        off = flush(2)
    finally:
        flush(0)
    assert out.item() == 2.0**-1040
    assert off, "the kernel must leave the state as it found it"


def denormals_switch(folder):
    """A function that switches denormals off (1) and on (0), and tells whether they are off (2)."""
    compiler = shutil.which("cc") or pytest.skip("needs a C compiler")
    source = (
        "#include <xmmintrin.h>\n"
        "int flush(int what) { if (what == 2) return (_mm_getcsr() & 0x8040) == 0x8040;"
        " _mm_setcsr(what ? _mm_getcsr() | 0x8040 : _mm_getcsr() & ~0x8040); return 0; }\n"
    )
    (folder / "flush.c").write_text(source)
    command = [compiler, "-shared", "-fPIC", "-o", str(folder / "flush.so"), str(folder / "flush.c")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs a C compiler for x86-64")
    return ctypes.CDLL(str(folder / "flush.so")).flush
