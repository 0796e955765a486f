"""Whatever bytes, shapes, memory layouts and options come in, compiled kernels do what the array code does.

Either a documented error, or an output of the declared spec: with the bits of the array code where both add
up in one order, to rounding elsewhere. Inputs stay as they are, as does the memory between their elements.
Under a sanitizer (`.ci/run`) no access leaves an array.
"""

import contextlib
import math
from functools import partial
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import warpkit as wk
from warpkit._core import ArraySpec, _native
from warpkit.grids import FRAMES, frame_scales

pytestmark = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)

PULLS, PUSHES = [wk.grid_sample, wk.grid_gradient], [wk.grid_push, wk.grid_count]
WARPS = [wk.warp_affine, wk.warp_projective, wk.warp_tps]
SAME_BITS = [*PULLS, *WARPS[:2]]  # a push adds up in an order of its own; splines come from BLAS

BOUNDARIES = ["constant", "border", "reflect", "mirror", "wrap"]
SMOOTH_KERNELS = ["cubic", "cubic_sharp", "bspline2", "bspline3"]
KERNELS = ["linear", "nearest", *SMOOTH_KERNELS]
FLOATS, INTEGERS, OTHER_DTYPES = ["f4", "f8", "f2"], ["u1", "u2", "i2"], ["i8", ">f8", ">i2", "bool", "c8"]


# ---- arrays ------------------------------------------------------------------------------------------------


def tame(rng, shape, dtype):
    """Numbers from -1 to 1; integers from 0 to 99."""
    return (rng.uniform(-1, 1, shape) if dtype.kind == "f" else rng.integers(0, 100, shape)).astype(dtype)


def special(rng, shape, dtype):
    """Zeros of both signs, infinities, NaN, denormals, the largest numbers, ties, ends of exact integers."""
    info = np.finfo(dtype)
    values = [0.0, -0.0, np.nan, np.inf, -np.inf, info.smallest_subnormal, -info.tiny, info.max, info.min]
    values += [0.5, -1.5, 2.5, 1 - info.epsneg, -(2.0**31), 2.0**53, 2.0**53 - 1, -(2.0**53), 1e9 + 0.5]
    return rng.choice(values, shape).astype(dtype)


def wild(rng, shape, dtype):
    """Any bytes at all, with special and tame numbers among them."""
    if dtype.kind in "bc":
        return tame(rng, shape, dtype)
    raw = np.frombuffer(rng.bytes(math.prod(shape) * dtype.itemsize), dtype).reshape(shape)
    if dtype.kind != "f":
        return raw
    kind = rng.integers(0, 3, shape if rng.random() < 0.7 else ())
    native = dtype.newbyteorder("=")
    return np.choose(kind, [raw, special(rng, shape, native), tame(rng, shape, native)]).astype(dtype)


def coordinates(rng, shape, dtype, spatial, frame):
    """Points in and around an image, many on pixels and halfway between; some, or all, are any bytes."""
    sizes = np.maximum(np.array(spatial[::-1], float), 1)
    beyond = rng.choice([0, 2])
    pixels = rng.uniform(-beyond * sizes, (1 + beyond) * sizes - 1, shape)
    pixels = np.where(rng.random(shape) < 0.4, np.round(2 * pixels) / 2, pixels)
    if frame == "normalized":
        pixels = (2 * pixels + 1) / sizes - 1
    elif frame == "corners":
        pixels = 2 * pixels / np.maximum(sizes - 1, 1) - 1
    strange = rng.random(shape) < rng.choice([0, 0.02, 1])
    return np.where(strange, wild(rng, shape, dtype), pixels).astype(dtype)


def laid_out(rng, array):
    """The values elsewhere in memory: backwards, with gaps, turned, misaligned, repeated, read-only."""
    axis, kind = int(rng.integers(array.ndim)), rng.integers(0, 8)
    if kind == 1:
        array = np.flip(np.flip(array, axis).copy(), axis)
    elif kind == 2:
        array = np.repeat(array, 2, axis)[(*(slice(None),) * axis, slice(None, None, 2))]
    elif kind == 3:
        array = np.asfortranarray(array)
    elif kind == 4:
        shifted = np.frombuffer(b"!" + array.tobytes(), np.uint8).copy()
        array = shifted[1:].view(array.dtype).reshape(array.shape)
    elif kind == 5 and array.ndim > 3 and array.shape[axis]:  # not parameters, which would be degenerate
        array = np.broadcast_to(array.take([0], axis), array.shape)
    elif kind == 6:
        array.flags.writeable = False
    return array


def memory(array):
    """All bytes of the memory that an array is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array.tobytes()


# ---- problems ----------------------------------------------------------------------------------------------

# Axes of one pixel, and rows of points that are shorter and longer than a tile.
SPATIAL = {1: [(5,), (1,), (9,)], 2: [(4, 5), (1, 3), (6, 1), (7, 6)], 3: [(3, 4, 5), (1, 2, 3), (4, 1, 1)]}
POINTS = {
    0: [()],
    1: [(3,), (70,), (400,)],
    2: [(2, 3), (33, 17), (1, 300), (300, 1), (9, 70)],
    3: [(2, 3, 4), (3, 5, 17), (2, 1, 70)],
}
BATCHES = [(1, 1), (2, 2), (1, 3), (3, 1)]

# What is strange about the arguments, if anything. Some of it is an error.
STRANGE = ["no pixel", "no point", "no channel", "no batch", "batches", "last axis", "dtype", "needs"]
STRANGE_OPTIONS = {
    "kernel": ["a kernel"],
    "boundary": ["a rule"],
    "frame": ["a frame"],
    "fill_value": [np.nan, -np.inf, 1e300, "0"],
    "derivative": [(1,), (-1, 0), (500, 0), (2**40, 1, 0), 1.5],
    "regularization": [-1.0, np.nan],
}


class Problem:
    """Arguments of an op. In tame ones no value is such that rounding would do harm."""

    def __init__(self, draw, op):
        self.op = op
        self.rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        self.strange = draw(st.sampled_from([*2 * [None] * len(STRANGE), *STRANGE, *STRANGE_OPTIONS]))
        self.tame = draw(st.booleans())
        self.ndim = draw(st.sampled_from([2, 3] if op is wk.warp_tps else [2, 1, 3]))
        self.draw_shapes(draw)
        floats = FLOATS[: 2 if self.tame and op is wk.warp_projective else 3]  # tangents overflow float16
        dtypes = OTHER_DTYPES if self.strange == "dtype" else floats if draw(st.integers(0, 3)) else INTEGERS
        self.image_dtype = np.dtype(draw(st.sampled_from(dtypes)))
        self.dtype = np.dtype(draw(st.sampled_from(FLOATS)))
        self.static = self.draw_static(draw)
        self.arrays = [laid_out(self.rng, self.draw_array(name)) for name in op.arrays]

    def draw_shapes(self, draw):
        """Spatial axes, axes of points, batch sizes, and the number of channels."""
        spatial = draw(st.sampled_from(SPATIAL[self.ndim]))
        points = draw(st.sampled_from(POINTS[self.ndim if self.op in WARPS else draw(st.integers(0, 3))]))
        batches = {"batches": [(2, 3), (0, 2)], "no batch": [(0, 0), (0, 1), (1, 0)]}
        self.spatial = (*spatial[1:], 0) if self.strange == "no pixel" else spatial
        self.points = (0, *points[1:]) if self.strange == "no point" and points else points
        self.n, self.m = draw(st.sampled_from(batches.get(self.strange, [(1, 1), (2, 2), (1, 3), (3, 1)])))
        self.channels = 0 if self.strange == "no channel" else draw(st.integers(1, 3))

    def draw_static(self, draw):
        """Options."""
        # A spline's coordinates differ in the last digits from those of array code: no kinks, then.
        kernels = SMOOTH_KERNELS if self.op is wk.warp_tps and self.tame else KERNELS
        orders = [order[: self.ndim] for order in [(0, 0, 0), (1, 0, 0), (1, 1, 1), (0, 2, 0), (3, 0, 1)]]
        choices = {
            "shape": [self.spatial] if self.op in PUSHES else [self.points, None],
            "kernel": kernels,
            "boundary": BOUNDARIES,
            "fill_value": [0.0, 3, 7.0],
            "frame": FRAMES,
            "derivative": [None, *orders],
            "regularization": [0.0, 0.1],
        }
        if self.strange in STRANGE_OPTIONS:
            choices[self.strange] = STRANGE_OPTIONS[self.strange]
        return {name: draw(st.sampled_from(choices[name])) for name in self.op.static}

    def draw_array(self, name):
        """One of the op's arrays."""
        rng, ndim, values = self.rng, self.ndim, tame if self.tame else wild
        if name in ("image", "values"):
            axes = self.spatial if name == "image" else self.points
            return values(rng, (self.n, self.channels, *axes), self.image_dtype)
        if name == "grid":
            shape = (self.m, *self.points, ndim)
            grid = coordinates(rng, shape, self.dtype, self.spatial, self.static["frame"])
            return grid[..., 1:] if self.strange == "last axis" else grid
        lattice = np.stack(np.meshgrid(*[[-1.0, 1.0]] * ndim), -1).reshape(-1, ndim)
        if name == "control_points":
            return (
                lattice.astype(self.dtype) if self.strange is None else wild(rng, lattice.shape, self.dtype)
            )
        rows = ndim + (self.op is wk.warp_projective)
        identity = lattice if self.op is wk.warp_tps else np.eye(rows, ndim + 1)
        near = identity + 0.3 * rng.uniform(-1, 1, (self.m, *identity.shape))
        if self.op is wk.warp_projective:  # stay away from where the denominator is zero
            near[:, -1, :-1] *= 0.001
        theta = near.astype(self.dtype) if self.tame else wild(rng, near.shape, self.dtype)
        return theta[..., 1:] if self.strange == "last axis" else theta

    def output(self):
        """The declared spec; of something else where the arguments are refused."""
        with contextlib.suppress(ValueError, TypeError):
            arrays, static = self.op.bind(self.arrays, self.static)
            return self.op.output_specs([ArraySpec.of(array) for array in arrays], static)[0]
        return ArraySpec((1,), np.dtype(np.float32))

    def like(self, spec):
        """A cotangent or tangent."""
        dtype = spec.dtype if spec.differentiable else np.dtype(np.float64)
        return laid_out(self.rng, (tame if self.tame else wild)(self.rng, spec.shape, dtype))

    def rounding(self, out):
        """What the two ways may differ by: some units in the last place of `out`, or of its sums' terms."""
        if out.dtype.kind != "f":
            return 1
        dtypes = [dtype for dtype in (out.dtype, self.arrays[0].dtype) if dtype.kind == "f"]
        epsilon = max(float(np.finfo(dtype).eps) for dtype in dtypes)
        scale = max(1.0, *frame_scales(self.spatial, self.static["frame"])[0])
        orders = self.static.get("derivative") or ()
        slope = scale ** (1 + sum(min(order, 3) for order in orders))  # beyond 3 all is zero
        reach = max(1, *self.points, *self.spatial) if self.op in WARPS else 1
        terms = reach * slope * self.m * math.prod(self.points)
        return 64 * epsilon * max(terms, np.abs(out[np.isfinite(out)].astype(float)).max(initial=0.0))


# ---- the two ways ------------------------------------------------------------------------------------------


def outcome(call):
    """A list of the outputs of a call, or its documented error."""
    try:
        found = call()
    except (ValueError, TypeError) as error:
        return error
    return list(found) if isinstance(found, tuple) else [found]


def assert_same_bits(one, other):
    np.testing.assert_array_equal(one, other)
    if one.dtype.kind == "f":
        number = ~np.isnan(one)
        np.testing.assert_array_equal(np.signbit(one[number]), np.signbit(other[number]))


def check(problem, call, inputs, specs, bits=False):
    """Compiled and as array code: the same error, or outputs of these specs that agree. Inputs stay."""
    before = [memory(array) for array in inputs]
    found = outcome(call)
    switched_off = _native.Kernels(None, None, None, "switched off")
    with mock.patch.object(_native, "load", return_value=switched_off):
        expected = outcome(call)
    assert [memory(array) for array in inputs] == before
    if isinstance(expected, Exception):
        assert repr(found) == repr(expected)
        return
    assert [one if one is None else ArraySpec.of(one) for one in found] == specs
    for one, other in zip(found, expected, strict=True):
        if one is not None and bits:
            assert_same_bits(one, other)
        elif one is not None and problem.tame:
            np.testing.assert_allclose(one, other, rtol=0, atol=problem.rounding(other))


def check_value(draw, op):
    problem = Problem(draw, op)
    call = partial(op, *problem.arrays, **problem.static)
    check(problem, call, problem.arrays, [problem.output()], op in SAME_BITS)


def check_vjp(draw, op):
    problem = Problem(draw, op)
    arrays, ct_out = problem.arrays, problem.like(problem.output())
    possible = [problem.strange == "needs" or array.dtype.kind == "f" for array in arrays]
    needs = tuple(can and draw(st.booleans()) for can in possible)
    inputs = [ArraySpec(array.shape, array.dtype.newbyteorder("=")) for array in arrays]
    specs = [spec if need else None for spec, need in zip(inputs, needs, strict=True)]
    call = partial(op.vjp, ct_out, *arrays, needs=needs, **problem.static)
    check(problem, call, [ct_out, *arrays], specs)


def check_jvp(draw, op):
    problem = Problem(draw, op)
    arrays = problem.arrays
    tangents = [problem.like(ArraySpec.of(array)) for array in arrays]
    given = [
        t if t.dtype == x.dtype and draw(st.booleans()) else None
        for t, x in zip(tangents, arrays, strict=True)
    ]
    check(problem, lambda: op.jvp(given, *arrays, **problem.static), [*tangents, *arrays], [problem.output()])


def with_examples(number):
    """A test of so many examples for each op, its vjp and its jvp."""

    @pytest.mark.parametrize("call", [check_value, check_vjp, check_jvp])
    @pytest.mark.parametrize("op", [*PULLS, *PUSHES, *WARPS], ids=lambda op: op.name)
    @settings(max_examples=number)
    @given(data=st.data())
    def test(op, call, data):
        with np.errstate(all="ignore"):
            call(data.draw, op)

    return test


test_a_few = with_examples(20)
test_many = pytest.mark.slow(with_examples(100))
