"""The compiled fused warps against the array code of the same ops."""

import contextlib
import itertools
import tracemalloc

import numpy as np
import pytest

import warpkit as wk
from warpkit._core import _native
from warpkit.autograd import jvp, vjp
from warpkit.sampling._native_arguments import KERNELS

pytestmark = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)

BOUNDARIES = ["constant", "border", "reflect", "mirror", "wrap"]
SHAPES = [((9,), (7,)), ((40, 33), None), ((20, 70), (31, 18)), ((9, 7, 12), (8, 11, 9))]


def affine_theta(rng, n, ndim):
    return np.eye(ndim, ndim + 1) + rng.uniform(-0.4, 0.4, (n, ndim, ndim + 1))


def projective_theta(rng, n, ndim):
    return np.eye(ndim + 1) + rng.uniform(-0.3, 0.3, (n, ndim + 1, ndim + 1))


PAIRS = list(zip([*BOUNDARIES, "constant"], KERNELS, strict=True))
CASES = [(wk.warp_affine, affine_theta), (wk.warp_projective, projective_theta)]


def same_bits(one, other):
    assert one.dtype == other.dtype
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(np.signbit(one[one == 0]), np.signbit(other[other == 0]))


def body_of(op, *arrays, **static):
    """What the op's array code gives: coordinates as arrays, then sampling."""
    arrays, static = op.bind(arrays, static)
    with np.errstate(all="ignore"):
        return op.body(*arrays, **static)


@contextlib.contextmanager
def array_code():
    """In here sampling is array code, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_native, "load", lambda: _native.Kernels(None, None, None, "switched off by a test"))
        yield


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize(("op", "draw"), CASES, ids=["affine", "projective"])
def test_values_are_those_of_the_array_code_bit_for_bit(op, draw, boundary):
    rng = np.random.default_rng(5)
    for (shape, out_shape), frame in itertools.product(SHAPES, ("normalized", "corners", "pixel")):
        for dtype, image_n in itertools.product(("f2", "f4", "f8", "u1", "i2"), (1, 2)):
            image = (100 * rng.standard_normal((image_n, 2, *shape)) + 100).astype(dtype)
            theta = draw(rng, 2, len(shape)).astype(rng.choice(["f4", "f8"]))
            options = {"shape": out_shape, "boundary": boundary, "fill_value": 3.0, "frame": frame}
            same_bits(op(image, theta, **options), body_of(op, image, theta, **options))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("op", "draw"), CASES, ids=["affine", "projective"])
def test_every_kernel_bit_for_bit(op, draw, kernel):
    rng = np.random.default_rng(5)
    for (shape, out_shape), boundary in itertools.product(SHAPES, BOUNDARIES):
        image, theta = rng.standard_normal((1, 2, *shape)).astype("f4"), draw(rng, 2, len(shape))
        options = {"shape": out_shape, "boundary": boundary, "kernel": kernel, "fill_value": 0.3}
        found = op(image, theta, **options)
        with array_code():
            same_bits(found, body_of(op, image, theta, **options))


@pytest.mark.parametrize("kernel", ["nearest", "linear"])
def test_maps_along_the_axes_bit_for_bit(kernel):
    """Resizing, flipping and shifting have a way of their own; these images have whole tiles inside."""
    rng = np.random.default_rng(12)
    for dtype, (shape, out_shape) in itertools.product(
        ("f4", "f8", "u1"), [((70, 90), (61, 83)), ((40, 30), (90, 128)), ((28, 28), None)]
    ):
        image = (100 * rng.standard_normal((2, 2, *shape)) + 100).astype(dtype)
        for _ in range(5):
            scale, shift = rng.uniform(-1.2, 1.2, (2, 2)), rng.uniform(-0.3, 0.3, (2, 2))
            theta = np.zeros((2, 2, 3))
            theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = scale[:, 0], scale[:, 1], shift
            options = {"shape": out_shape, "kernel": kernel, "fill_value": rng.choice([0.0, 3.0])}
            found = wk.warp_affine(image, theta, **options)
            same_bits(found, body_of(wk.warp_affine, image, theta, **options))
            with array_code():
                same_bits(found, wk.warp_affine(image, theta, **options))


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("width", [16, 32, 48, 64, 80, 96])
def test_moved_images_bit_for_bit(width, ndim):
    """Rows of points read runs of pixels, of images that are wider and narrower than the output."""
    rng = np.random.default_rng(14)
    for columns in (width - 7, width, 150):
        image = rng.standard_normal((1, 2, *(21,) * (ndim - 1), columns)).astype(np.float32)
        for moved in (2.0, -0.25, 20.75, 60.0):
            theta = np.eye(ndim, ndim + 1)[None]
            theta[0, :, ndim] = moved
            options = {"shape": (9,) * (ndim - 1) + (width,), "frame": "pixel"}
            found = wk.warp_affine(image, theta, **options)
            with array_code():
                same_bits(found, wk.warp_affine(image, theta, **options))


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_cotangents_of_outputs_one_pixel_wide(ndim):
    """Of so many points that threads share an image; tiles are then as high as they come."""
    rng = np.random.default_rng(13)
    image, theta = rng.standard_normal((1, 2, *(20,) * ndim)), affine_theta(rng, 1, ndim)
    out_shape = {1: (20000,), 2: (20000, 1), 3: (100, 200, 1)}[ndim]
    ct_out = rng.standard_normal((1, 2, *out_shape))
    threads, found = wk.get_num_threads(), []
    for number in (1, 3):
        wk.set_num_threads(number)
        found.append(wk.warp_affine.vjp(ct_out, image, theta, shape=out_shape))
    wk.set_num_threads(threads)
    for one, other in zip(*found, strict=True):
        same_bits(one, other)


@pytest.mark.parametrize(("op", "draw"), CASES, ids=["affine", "projective"])
def test_strange_parameters_bit_for_bit(op, draw):
    """NaN, infinite and huge ones; denominators of zero and less."""
    rng = np.random.default_rng(10)
    strange = [np.nan, np.inf, -np.inf, 1e300, -1e300, 1e18, 0.0, -1.0]
    for (shape, _), boundary in itertools.product(SHAPES, BOUNDARIES):
        image, theta = rng.standard_normal((1, 2, *shape)), draw(rng, 24, len(shape))
        flat = theta.reshape(24, -1)
        flat[np.arange(24), rng.integers(0, flat.shape[1], 24)] = np.tile(strange, 3)
        options = {"boundary": boundary, "fill_value": 0.3, "frame": "pixel"}
        with np.errstate(all="ignore"):
            found = op(image, theta, **options)
        same_bits(found, body_of(op, image, theta, **options))


@pytest.mark.parametrize(("op", "draw"), CASES, ids=["affine", "projective"])
def test_identity_gives_back_every_bit(op, draw):
    rng = np.random.default_rng(11)
    for (shape, _), kernel, frame in itertools.product(
        SHAPES, ("nearest", "linear", "cubic", "cubic_sharp"), ("normalized", "corners", "pixel")
    ):
        image = rng.choice([np.nan, np.inf, -0.0, 0.1], (1, 2, *shape))
        identity = np.eye(len(shape) + 1)[None, : draw(rng, 1, len(shape)).shape[1]]
        same_bits(op(image, identity, kernel=kernel, frame=frame), image)


@pytest.mark.parametrize(("op", "draw"), CASES, ids=["affine", "projective"])
def test_cotangents_are_those_of_the_array_code(op, draw):
    rng = np.random.default_rng(6)
    for (shape, out_shape), (boundary, kernel) in itertools.product(SHAPES, PAIRS):
        for image_n, theta_n in ((2, 2), (1, 2), (2, 1)):
            image = rng.standard_normal((image_n, 3, *shape))
            theta = draw(rng, theta_n, len(shape))
            options = {"shape": out_shape, "boundary": boundary, "fill_value": 0.5, "kernel": kernel}
            out, pull_back = vjp(lambda a, b, options=options: body_of(op, a, b, **options), (image, theta))
            ct_out = rng.standard_normal(out.shape)
            for found, expected in zip(
                op.vjp(ct_out, image, theta, **options), pull_back(ct_out), strict=True
            ):
                np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize(("op", "draw"), CASES, ids=["affine", "projective"])
def test_tangents_are_those_of_the_array_code(op, draw):
    rng = np.random.default_rng(7)
    for (shape, out_shape), (boundary, kernel) in itertools.product(SHAPES, PAIRS):
        image, theta = rng.standard_normal((2, 3, *shape)), draw(rng, 2, len(shape))
        tangents = rng.standard_normal(image.shape), rng.standard_normal(theta.shape)
        for given in ((True, True), (True, False), (False, True)):
            some = tuple(t if g else None for t, g in zip(tangents, given, strict=True))
            options = {"shape": out_shape, "boundary": boundary, "kernel": kernel}
            found = op.jvp(some, image, theta, **options)
            _, expected = jvp(
                lambda a, b, options=options: body_of(op, a, b, **options), (image, theta), some
            )
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())


def draw_spline(rng, ndim):
    points = rng.uniform(-1, 1, (6, ndim))
    return points, points + rng.uniform(-0.2, 0.2, (2, *points.shape))


@pytest.mark.parametrize("frame", ["normalized", "corners", "pixel"])
def test_splines_agree_with_the_array_code(frame):
    rng = np.random.default_rng(8)
    for shape, out_shape in SHAPES[1:]:
        points, theta = draw_spline(rng, len(shape))
        if frame == "pixel":
            points, theta = (1 + points) * 10, (1 + theta) * 10
        image = rng.standard_normal((2, 2, *shape))
        options = {"shape": out_shape, "boundary": "border", "frame": frame}
        expected, pull_back = vjp(
            lambda a, b, points=points, options=options: body_of(wk.warp_tps, a, b, points, **options),
            (image, theta),
        )
        np.testing.assert_allclose(wk.warp_tps(image, theta, points, **options), expected, atol=1e-11)
        ct_out = rng.standard_normal(expected.shape)
        found = wk.warp_tps.vjp(ct_out, image, theta, points, needs=(True, True, False), **options)
        for one, other in zip(found, pull_back(ct_out), strict=False):
            np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-8 * np.abs(other).max())
        tangents = rng.standard_normal(image.shape), rng.standard_normal(theta.shape)
        found = wk.warp_tps.jvp((*tangents, None), image, theta, points, **options)
        _, expected = jvp(
            lambda a, b, points=points, options=options: body_of(wk.warp_tps, a, b, points, **options),
            (image, theta),
            tangents,
        )
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8 * np.abs(expected).max())


def test_no_array_of_the_size_of_a_grid():
    """NumPy tells its allocations to tracemalloc; the kernel's own are a few numbers per thousand points."""
    rng = np.random.default_rng(9)
    image = rng.standard_normal((1, 1, 600, 600)).astype(np.float32)
    ct_out, theta = np.ones_like(image), np.eye(2, 3)[None]
    points, spline = draw_spline(rng, 2)
    calls = {
        "affine": (lambda: wk.warp_affine(image, theta), 1),
        "projective": (lambda: wk.warp_projective(image, np.eye(3)[None]), 1),
        "tps": (lambda: wk.warp_tps(image, spline[:1], points), 1),
        "theta": (lambda: wk.warp_affine.vjp(ct_out, image, theta, needs=(False, True)), 0),
        "image": (lambda: wk.warp_affine.vjp(ct_out, image, theta, needs=(True, False)), 1),
        "spline": (lambda: wk.warp_tps.vjp(ct_out, image, spline[:1], points, needs=(False, True, False)), 0),
    }
    for name, (call, images) in calls.items():
        call()
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < images * image.nbytes + 200_000, name
