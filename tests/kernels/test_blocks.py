"""Blocks: part of the output, or of the image in memory, gives that part of the whole, bit for bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from warpkit._core import _native
from warpkit.sampling import BOUNDARIES
from warpkit.sampling._native_arguments import AFFINE, KERNELS, PROJECTIVE, TPS, Spline
from warpkit.sampling._native_grid_sample import grid_arguments
from warpkit.sampling._taps import find_taps
from warpkit.warping import _native_warp
from warpkit.warping._native_warp import Source

pytestmark = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)

SHAPES = {1: ((40,), (150,)), 2: ((23, 31), (37, 90)), 3: ((11, 9, 13), (10, 12, 70))}
"""Of an image and of an output of several tiles, by the number of axes."""

every_ndim = pytest.mark.parametrize("ndim", [1, 2, 3])
every_boundary = pytest.mark.parametrize("boundary", BOUNDARIES)
every_kernel = pytest.mark.parametrize("kernel", KERNELS)


def assert_same_bits(found, expected):
    """Equal bit for bit; any NaN equals any NaN."""
    np.testing.assert_array_equal(found, expected)
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(expected[zero]))


@pytest.fixture
def rng():
    return np.random.default_rng(20240609)


# ---- a part of the output ----------------------------------------------------------------------------------


def draw_source(rng, kind, shape, out_shape):
    """From the output's pixels to the input's, some of which lie outside the image."""
    ndim = len(shape)
    scale = np.array(shape[::-1]) / np.array(out_shape[::-1])
    matrix = np.eye(ndim + 1)
    matrix[:ndim, :ndim] = (np.eye(ndim) + rng.uniform(-0.2, 0.2, (ndim, ndim))) * 1.6 * scale[:, None]
    matrix[:ndim, ndim] = rng.uniform(-0.4, 0.1, ndim) * shape[::-1]
    if kind == "affine":
        return Source(AFFINE, matrix[None, :ndim].copy(), out_shape)
    if kind == "projective":
        matrix[ndim, :ndim] = rng.uniform(-0.7, 0.7, ndim) / np.array(out_shape[::-1])
        return Source(PROJECTIVE, matrix[None], out_shape)
    centres = rng.uniform(-1, 1, (4, ndim))
    spline = Spline(controls=4, control_points=centres.ctypes.data)
    spline.centres = centres  # keeps the memory alive
    for d in range(ndim):
        spline.frame_scale[d], spline.frame_offset[d] = out_shape[-1 - d] / 2, (out_shape[-1 - d] - 1) / 2
        spline.identity_scale[d], spline.identity_offset[d] = 1.6 * scale[d], matrix[d, ndim]
    return Source(TPS, rng.uniform(-2, 2, (1, 5 + ndim, ndim)), out_shape, spline)


def part_of(source, block):
    """The same map, of a block of the output, and where it begins in the order of coordinates."""
    shape = tuple(piece.stop - piece.start for piece in block)
    origin = tuple(piece.start for piece in block)[::-1]
    return Source(source.code, source.parameters, shape, source.spline), origin


@pytest.fixture
def at_origin(monkeypatch):
    """Calls a function whose kernel computes the block of the output that begins there."""
    call = _native.call

    def run(origin, function, *arguments, **options):
        def call_at(name, sampling):
            sampling.origin = (*origin, *(0,) * (3 - len(origin)))
            call(name, sampling)

        monkeypatch.setattr(_native, "call", call_at)
        out = function(*arguments, **options)
        monkeypatch.setattr(_native, "call", call)
        return out

    return run


def draw_block(rng, shape):
    bounds = [np.sort(rng.permutation(n + 1)[:2]) for n in shape]
    return tuple(slice(int(low), int(high)) for low, high in bounds)


CASES = [
    (kind, ndim)
    for kind in ("affine", "projective", "tps")
    for ndim in (1, 2, 3)
    if (kind, ndim) != ("tps", 1)
]


@every_boundary
@pytest.mark.parametrize(("kind", "ndim"), CASES)
def test_part_of_the_output(kind, ndim, boundary, rng, at_origin):
    shape, out_shape = SHAPES[ndim]
    for kernel, fill_value in zip(KERNELS, itertools.cycle([0.0, 0.7, np.inf]), strict=False):
        image, tan_image = rng.standard_normal((2, 1, 2, *shape)).astype("f4")
        source = draw_source(rng, kind, shape, out_shape)
        tangents = tan_image, rng.standard_normal(source.parameters.shape)
        options = {"kernel": kernel, "boundary": boundary, "fill_value": fill_value}
        values = _native_warp.pull(image, source, **options)
        tangent = _native_warp.tangent(*tangents, image, source, **options)
        for _ in range(5):
            block = draw_block(rng, out_shape)
            part, origin = part_of(source, block)
            found = at_origin(origin, _native_warp.pull, image, part, **options)
            assert_same_bits(found, values[(..., *block)])
            found = at_origin(origin, _native_warp.tangent, *tangents, image, part, **options)
            assert_same_bits(found, tangent[(..., *block)])


@pytest.mark.parametrize(("kind", "ndim"), CASES)
def test_cotangents_of_parts_add_up(kind, ndim, rng, at_origin):
    shape, out_shape = SHAPES[ndim]
    for kernel, boundary in zip(KERNELS, itertools.cycle(BOUNDARIES), strict=False):
        image, source = rng.standard_normal((1, 2, *shape)), draw_source(rng, kind, shape, out_shape)
        ct_out = rng.standard_normal((1, 2, *out_shape))
        options = {"kernel": kernel, "boundary": boundary, "fill_value": 0.7}
        for function in (_native_warp.image_cotangent, _native_warp.parameter_cotangent):
            expected, total = function(ct_out, image, source, **options), 0.0
            cuts = [[0, int(rng.integers(n)), n] for n in out_shape]
            for block in itertools.product(*[[slice(a, b), slice(b, c)] for a, b, c in cuts]):
                part, origin = part_of(source, block)
                total = total + at_origin(
                    origin, function, ct_out[(..., *block)].copy(), image, part, **options
                )
            np.testing.assert_allclose(total, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max())


# ---- a part of the image -----------------------------------------------------------------------------------


def draw_points(rng, shape, m):
    """A few pixels' worth of points, near the image or across its edge; some on pixels, one NaN."""
    lengths = np.array(shape[::-1], float)
    centre = rng.uniform(-0.2 * lengths, 1.2 * lengths)
    points = centre + rng.uniform(-3, 3, (1, m, len(shape)))
    points = np.where(rng.random(points.shape) < 0.3, np.rint(points), points)
    if rng.random() < 0.3:
        points = np.rint(points)
    points[0, -1, 0] = np.nan
    return points


def pixels_read(grid, shape, derivatives, kernel, boundary):
    """The indices, (number, ndim), of pixels that have a weight at some point in one of the derivatives."""
    pixels = [np.zeros(0, int)]
    for derivative in derivatives:
        taps = find_taps(
            grid,
            shape,
            kernel=kernel,
            boundary=boundary,
            frame="pixel",
            derivative=derivative,
            dtype=np.float64,
        )
        for tap in taps:
            counts = taps.answered & (tap.weight != 0)
            pixels.append(tap.pixel[counts if tap.inside is None else counts & tap.inside])
    return np.stack(np.unravel_index(np.concatenate(pixels), shape), -1)


def run(function, image, grid, *, shape, block, out, kernel, boundary, **pointers):
    """Call a kernel with an image of which only a block, low and high per axis, is in memory."""
    arguments = grid_arguments(
        (*image.shape[:2], *shape),
        image.dtype,
        grid,
        frame="pixel",
        kernel=kernel,
        boundary=boundary,
        fill_value=0.7,
    )
    low, high = block
    arguments.block_origin = (*map(int, low[::-1]), *(0,) * (3 - len(shape)))
    arguments.block_size = (*map(int, (high - low)[::-1]), *(1,) * (3 - len(shape)))
    arguments.image, arguments.out, arguments.point_values_n = image.ctypes.data, out.ctypes.data, 1
    for name, array in pointers.items():
        setattr(arguments, name, array.ctypes.data)
    _native.call(function, arguments)
    return out


def cut(array, block):
    """The block of an image, packed."""
    pieces = tuple(slice(int(low), int(high)) for low, high in zip(*block, strict=True))
    return array[(..., *pieces)].copy()


class Kernels:
    """The four kernels on an image of which a block is in memory, and the derivatives that each reads by."""

    def __init__(self, rng, shape, grid, **options):
        ndim, m = len(shape), grid.shape[1]
        self.grid, self.options = grid, {"shape": shape, **options}
        self.image, self.tan_image = rng.standard_normal((2, 1, 2, *shape))
        self.values, self.tan_grid = rng.standard_normal((1, 2, m)), rng.standard_normal(grid.shape)
        self.value = (0,) * ndim
        self.slopes = [tuple(int(d == axis) for d in range(ndim)) for axis in range(ndim)]

    def pull(self, block):
        out = np.empty((1, 2, self.grid.shape[1]))
        return run("wk_pull", cut(self.image, block), self.grid, block=block, out=out, **self.options)

    def push(self, block):
        out = np.zeros_like(cut(self.image, block))
        values = {"point_values": self.values}
        return run("wk_push", out, self.grid, block=block, out=out, **values, **self.options)

    def vjp(self, block):
        image, out = cut(self.image, block), np.empty(self.grid.shape)
        values = {"point_values": self.values}
        return run("wk_pull_vjp", image, self.grid, block=block, out=out, **values, **self.options)

    def jvp(self, block):
        image, tan_image = cut(self.image, block), cut(self.tan_image, block)
        tangents = {"image_tangents": tan_image, "coordinate_tangents": self.tan_grid}
        out = np.empty((1, 2, self.grid.shape[1]))
        return run("wk_pull_jvp", image, self.grid, block=block, out=out, **tangents, **self.options)

    def all(self):
        """Each with what it reads."""
        everything = [self.value, *self.slopes]
        return [
            (self.pull, [self.value]),
            (self.push, [self.value]),
            (self.vjp, self.slopes),
            (self.jvp, everything),
        ]


def draw_kernels(rng, ndim, kernel, boundary):
    shape = SHAPES[ndim][0]
    grid = draw_points(rng, shape, int(rng.choice([5, 40, 300])))
    return shape, Kernels(rng, shape, grid, kernel=kernel, boundary=boundary)


@every_ndim
@every_boundary
@every_kernel
def test_part_of_the_image(kernel, boundary, ndim, rng):
    """The smallest block that holds all pixels that count is enough; some pixels around do no harm."""
    for _ in range(4):
        shape, kernels = draw_kernels(rng, ndim, kernel, boundary)
        whole = np.zeros(ndim, int), np.array(shape)
        for function, derivatives in kernels.all():
            pixels = pixels_read(kernels.grid, shape, derivatives, kernel, boundary)
            if not len(pixels):
                continue
            expected = function(whole)
            for margin in (0, int(rng.integers(1, 9))):
                low = np.maximum(pixels.min(0) - margin, 0)
                high = np.minimum(pixels.max(0) + 1 + margin, shape)
                found = function((low, high))
                if function == kernels.push:
                    assert_same_bits(found, cut(expected, (low, high)))
                else:
                    assert_same_bits(found, expected)


@every_ndim
@every_boundary
@every_kernel
def test_a_block_that_does_not_suffice(kernel, boundary, ndim, rng):
    """One layer of pixels less, on any side, and the call says so."""
    for _ in range(3):
        shape, kernels = draw_kernels(rng, ndim, kernel, boundary)
        for function, derivatives in kernels.all():
            pixels = pixels_read(kernels.grid, shape, derivatives, kernel, boundary)
            if not len(pixels):
                continue
            for axis, side in itertools.product(range(ndim), (0, 1)):
                block = pixels.min(0), pixels.max(0) + 1
                if block[1][axis] - block[0][axis] < 2:
                    continue
                block[side][axis] += 1 - 2 * side
                with pytest.raises(ValueError, match="pixels outside the given part of the image"):
                    function(block)
