"""The CUDA sources, without a GPU: NVRTC compiles them; the CPU runs them, by `cuda_on_cpu.h`.

What runs has the bits of the compiled CPU kernels. Nothing here shows that a GPU does the same.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import warpkit as wk
from warpkit._core import _native
from warpkit.grids import FRAMES, frame_scales
from warpkit.sampling._native_arguments import TPS, Spline
from warpkit.warping import _native_warp
from warpkit.warping._native_warp import Source

KERNELS = {
    "nearest": "Nearest",
    "linear": "Linear",
    "cubic": "Cubic",
    "cubic_sharp": "CubicSharp",
    "bspline2": "BSpline2",
    "bspline3": "BSpline3",
}
RULES = {
    "constant": "Constant",
    "border": "Border",
    "reflect": "Reflect",
    "mirror": "Mirror",
    "wrap": "Wrap",
}
TYPES = {
    "float32": "float",
    "float64": "double",
    "float16": "wk::Half",
    "uint8": "wk::uint8",
    "uint16": "wk::uint16",
    "int16": "wk::int16",
}
"""Their names in C++."""

SHAPES = {1: (9,), 2: (5, 7), 3: (4, 3, 6)}
DTYPES = [("float32", "float32"), ("float64", "float32"), ("float32", "float64"), ("float64", "float64")]
"""Of image and grid."""

CASES = [
    *((kernel, rule, ndim, *DTYPES[0]) for kernel in KERNELS for rule in RULES for ndim in (1, 2)),
    *((kernel, "reflect", 3, *DTYPES[0]) for kernel in KERNELS),
    *((kernel, "border", 2, *dtypes) for kernel in KERNELS for dtypes in DTYPES[1:]),
    *(("linear", rule, 3, *dtypes) for rule in RULES for dtypes in DTYPES[1:]),
    *(("cubic", "constant", 2, dtype, "float64") for dtype in TYPES if dtype not in ("float32", "float64")),
]
"""Kernel, boundary, number of axes, dtypes of image and grid."""

IDENTIFIERS = [f"case_{number}" for number in range(len(CASES))]


def name_of(case):
    """The kernel of a case, as NVRTC is asked for it."""
    kernel, rule, ndim, image, grid = case
    return f"wk::pull<wk::{KERNELS[kernel]}, wk::{RULES[rule]}, {ndim}, {TYPES[image]}, {TYPES[grid]}>"


class Axis(ctypes.Structure):
    """``wk::Axis``."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in ("size", "stride")),
        *((name, ctypes.c_double) for name in ("scale", "offset")),
    ]


class PullShape(ctypes.Structure):
    """``wk::PullShape``."""

    _fields_ = [
        ("axes", Axis * 3),
        *((name, ctypes.c_int64) for name in ("plane", "image_n", "grid_n", "channels", "points")),
        ("fill_value", ctypes.c_double),
    ]


SPLINE_FACTORS = ("frame_scale", "frame_offset", "identity_scale", "identity_offset")


class SplineShape(ctypes.Structure):
    """``wk::SplineShape``."""

    _fields_ = [
        ("size", ctypes.c_int64 * 3),
        *((name, ctypes.c_int64) for name in ("batch", "controls")),
        *((name, ctypes.c_double * 3) for name in SPLINE_FACTORS),
    ]


# ---- compiled by NVRTC -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("pull.cu", [name_of(case) for case in CASES]),
        ("spline_coordinates.cu", ["wk::map_spline<2>", "wk::map_spline<3>"]),
    ],
)
def test_compile_for_a_gpu(file, names, nvrtc, kernel_sources):
    """Each kernel comes out under its name. No product is contracted with a sum, nothing flushed to zero."""
    ptx, symbols = nvrtc.compile((kernel_sources / "cuda" / file).read_text(), *names)
    assert len(set(symbols)) == len(names)
    assert all(f".entry {symbol}(" in ptx for symbol in symbols)
    assert "fma." not in ptx
    assert ".ftz" not in ptx
    assert ".approx" not in ptx


def test_contraction_would_be_seen(nvrtc):
    source = "__global__ void add(double *x) { x[0] = x[1] * x[2] + x[3]; }"
    assert "fma." in nvrtc.compile(source, contract=True)[0]
    assert "fma." not in nvrtc.compile(source)[0]


# ---- run on the CPU ----------------------------------------------------------------------------------------


HEADER = """
#include "cuda_on_cpu.h"
#include "pull.cu"
#include "spline_coordinates.cu"
"""
PULL = """
extern "C" void {identifier}(const wk::PullShape *shape, {stored} *image, {grid} *grid, {stored} *out) {{
    launch(3, 5, {kernel}, *shape, image, grid, out);
}}
"""
SPLINE = """
extern "C" void spline_{ndim}(const wk::SplineShape *shape, double *points, double *theta, double *out) {{
    launch(3, 5, wk::map_spline<{ndim}>, *shape, points, theta, out);
}}
"""


@pytest.fixture(scope="module")
def on_cpu(tmp_path_factory, kernel_sources):
    """The kernels as functions of a library."""
    compiler = shutil.which("c++") or pytest.skip("needs a C++ compiler")
    parts = [HEADER, *(SPLINE.format(ndim=ndim) for ndim in (2, 3))]
    for case, identifier in zip(CASES, IDENTIFIERS, strict=True):
        stored, grid = (TYPES[dtype] for dtype in case[3:])
        parts.append(PULL.format(identifier=identifier, stored=stored, grid=grid, kernel=name_of(case)))
    folder = tmp_path_factory.mktemp("on_cpu")
    source, library = folder / "on_cpu.cpp", folder / "on_cpu.so"
    source.write_text("".join(parts))
    includes = [Path(__file__).parent, kernel_sources / "include", kernel_sources / "cuda"]
    options = ["-std=c++17", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    command = [compiler, *options, *(f"-I{folder}" for folder in includes), str(source), "-o", str(library)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return ctypes.CDLL(str(library))


def address(array):
    return ctypes.c_void_p(array.ctypes.data)


def pull_on_cpu(library, case, image, grid, fill_value, frame):
    scales, offsets = frame_scales(image.shape[2:], frame)
    shape = PullShape(
        plane=image[0, 0].size,
        image_n=image.shape[0],
        grid_n=grid.shape[0],
        channels=image.shape[1],
        points=grid[0, ..., 0].size,
        fill_value=fill_value,
    )
    stride = 1
    for d, size in enumerate(image.shape[:1:-1]):
        shape.axes[d] = Axis(size, stride, scales[d], offsets[d])
        stride *= size
    batch = max(image.shape[0], grid.shape[0])
    out = np.full((batch, image.shape[1], *grid.shape[1:-1]), 77, image.dtype)
    function = getattr(library, IDENTIFIERS[CASES.index(case)])
    function(ctypes.byref(shape), address(image), address(grid), address(out))
    return out


def draw_image(rng, shape, dtype):
    if dtype.kind != "f":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype, endpoint=True)
    strange = rng.choice([np.nan, np.inf, -0.0, 0.0, np.finfo(dtype).smallest_subnormal], shape)
    return np.where(rng.random(shape) < 0.1, strange, rng.standard_normal(shape)).astype(dtype)


def draw_grid(rng, shape, dtype, spatial, frame):
    """Points in and around an image, on pixels, halfway between, far outside, and nowhere."""
    scales, offsets = frame_scales(spatial, frame)
    sizes = np.array(spatial[::-1])
    pixels = rng.uniform(-1.5 * sizes, 2.5 * sizes, shape)
    pixels = np.where(rng.random(shape) < 0.5, np.round(2 * pixels) / 2, pixels)
    far = rng.choice([np.nan, np.inf, -np.inf, 1e30, -3e9, 2.0**53, -(2.0**52)], shape)
    pixels = np.where(rng.random(shape) < 0.03, far, pixels)
    return ((pixels - offsets) / scales).astype(dtype)


def assert_same_bits(found, expected):
    np.testing.assert_array_equal(found, expected)
    if found.dtype.kind == "f":
        number = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(found[number]), np.signbit(expected[number]))


@pytest.mark.parametrize("case", CASES, ids=IDENTIFIERS)
def test_pull_has_the_bits_of_the_cpu(case, on_cpu):
    kernel, rule, ndim, image_dtype, grid_dtype = case
    rng = np.random.default_rng(CASES.index(case))
    for image_n, grid_n, frame in zip((1, 2, 3), (3, 2, 1), FRAMES, strict=True):
        image = draw_image(rng, (image_n, 2, *SHAPES[ndim]), np.dtype(image_dtype))
        grid = draw_grid(rng, (grid_n, 31, 5, ndim), np.dtype(grid_dtype), SHAPES[ndim], frame)
        for fill_value in (0.0, 3):
            found = pull_on_cpu(on_cpu, case, image, grid, fill_value, frame)
            options = {"kernel": kernel, "boundary": rule, "fill_value": fill_value, "frame": frame}
            with np.errstate(all="ignore"):
                assert_same_bits(found, wk.grid_sample(image, grid, **options))


@pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)
@pytest.mark.parametrize("shape", [(11, 6), (3, 5, 4)])
def test_spline_coordinates_have_the_bits_of_the_cpu(shape, on_cpu):
    """Seen through the fused warp: it reads where these coordinates say."""
    rng, ndim = np.random.default_rng(7), len(shape)
    centres = rng.uniform(-1, 1, (4, ndim))
    centres[0] = -1 + 1 / np.array(shape[::-1])  # on a pixel: the basis function is 0
    theta = rng.uniform(-0.5, 0.5, (2, 5 + ndim, ndim))
    scales, offsets = frame_scales(shape, "normalized")
    numbers = dict(zip(SPLINE_FACTORS, (scales, offsets, (1.1,) * ndim, (-0.3,) * ndim), strict=True))
    numbers = {name: (*values, *(0.0,) * (3 - ndim)) for name, values in numbers.items()}

    spline_shape = SplineShape(size=(*shape[::-1], *(1,) * (3 - ndim)), batch=2, controls=4, **numbers)
    grid = np.full((2, *shape, ndim), 77.0)
    getattr(on_cpu, f"spline_{ndim}")(
        ctypes.byref(spline_shape), address(centres), address(theta), address(grid)
    )

    spline = Spline(controls=4, control_points=centres.ctypes.data, **numbers)
    image = rng.standard_normal((1, 1, *shape))
    options = {"kernel": "cubic", "boundary": "reflect", "fill_value": 0.0}
    expected = _native_warp.pull(image, Source(TPS, theta, shape, spline), **options)
    assert_same_bits(wk.grid_sample(image, grid, frame="pixel", **options), expected)
