"""The compiled Gram matrices against the array code, and what the kernel is handed."""

import itertools
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from warpkit._core import _native
from warpkit.sampling._native_arguments import AFFINE, KERNELS, Sampling
from warpkit.warping import warp_affine_gram, warp_projective_gram, warp_tps, warp_tps_gram
from warpkit.warping._native_gram import MAX_RESIDUALS, LeastSquares, Sums, find_sums
from warpkit.warping._native_warp import Source

compiled = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)

BOUNDARIES = ["constant", "border", "reflect", "mirror", "wrap"]
SHAPES = [((9,), (7,)), ((40, 33), (40, 33)), ((20, 70), (31, 18)), ((9, 7, 12), (8, 11, 9))]
OPS = [warp_affine_gram, warp_projective_gram, warp_tps_gram]


def draw_theta(rng, op, n, ndim):
    """Parameters and what comes after them."""
    if op is warp_tps_gram:
        points = rng.uniform(-1, 1, (6, ndim))
        return points + rng.uniform(-0.2, 0.2, (n, 6, ndim)), points
    rows = ndim if op is warp_affine_gram else ndim + 1
    return (np.eye(rows, ndim + 1) + rng.uniform(-0.3, 0.3, (n, rows, ndim + 1)),)


def agree(op, *arrays, **static):
    """Compiled and array code, to the rounding of sums."""
    arrays, static = op.bind(arrays, static)
    found = op.kernels[0](*arrays, **static)
    with np.errstate(all="ignore"):
        expected = op.body(*arrays, **static)
    scale = np.maximum(np.abs(expected).max(axis=(1, 2), keepdims=True, initial=0), 1e-300)
    np.testing.assert_allclose(found / scale, expected / scale, rtol=1e-9, atol=1e-11)


@compiled
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel_and_boundary(op, kernel):
    rng = np.random.default_rng(0)
    for (shape, out_shape), boundary in itertools.product(SHAPES, BOUNDARIES):
        if len(shape) == 1 and op is warp_tps_gram:
            continue
        images = rng.standard_normal((1, 2, *shape)), rng.standard_normal((1, 2, *out_shape))
        theta = draw_theta(rng, op, 1, len(shape))
        options = {"kernel": kernel, "boundary": boundary, "fill_value": 0.3}
        agree(op, *images, rng.random((1, *out_shape)), *theta, **options)


@compiled
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "u1", "u2", "i2"])
def test_every_dtype(op, dtype):
    """Of the images and of the weights, each for itself; in every frame; an exterior, too."""
    rng = np.random.default_rng(1)
    for (shape, out_shape), frame in zip(SHAPES[1:], ("normalized", "corners", "pixel"), strict=True):
        theta = draw_theta(rng, op, 2, len(shape))
        for other, fill_value in itertools.product(("f4", "u1", dtype), (0, 3)):
            numbers = (100 * rng.random((2, 3, *shape))).astype(dtype)
            fixed = (100 * rng.random((1, 3, *out_shape))).astype(other)
            weights = (4 * rng.random((2, *out_shape))).astype(other)
            options = {"fill_value": float(fill_value), "frame": frame}
            agree(op, numbers, fixed, weights, *theta, **options)


@compiled
def test_one_weight_for_all_points():
    rng = np.random.default_rng(2)
    images = rng.standard_normal((2, 2, 20, 21)), rng.standard_normal((2, 2, 30, 17))
    theta = draw_theta(rng, warp_affine_gram, 2, 2)
    factors = np.array([0.0, 2.0]).reshape(2, 1, 1)
    agree(warp_affine_gram, *images, factors, *theta)
    one = warp_affine_gram(*images, np.ones((1, 1, 1)), *theta)
    np.testing.assert_array_equal(warp_affine_gram(*images, factors, *theta), one * factors)
    images[0][...] = np.nan
    assert not warp_affine_gram(*images, factors, *theta)[0].any()


@compiled
def test_more_pieces_than_places():
    """So many control points that pieces are added up in turns: against the warp's own derivatives."""
    rng = np.random.default_rng(3)
    axis = np.linspace(-1, 1, 15)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    theta = points + rng.uniform(-0.02, 0.02, (1, *points.shape))
    moving, fixed = rng.standard_normal((1, 1, 50, 40)), rng.standard_normal((1, 1, 300, 520))
    found = warp_tps_gram(moving, fixed, np.ones((1, 1, 1)), theta, points)[0]
    residual = warp_tps(moving, theta, points, (300, 520)) - fixed
    vector = warp_tps.vjp(residual, moving, theta, points, (300, 520), needs=(False, True, False))[1].ravel()
    np.testing.assert_allclose(found[-1, -1], (residual * residual).sum(), rtol=1e-12)
    np.testing.assert_allclose(found[:-1, -1], vector, rtol=1e-8, atol=1e-8 * np.abs(vector).max())
    direction = rng.standard_normal(theta.shape)
    moved = warp_tps.jvp((None, direction, None), moving, theta, points, (300, 520))
    np.testing.assert_allclose(
        direction.ravel() @ found[:-1, :-1] @ direction.ravel(), (moved * moved).sum(), rtol=1e-9
    )


@compiled
def test_a_spline_of_points_close_together_keeps_its_digits():
    """Sums of products of its basis functions, multiplied by M afterwards, would cancel."""
    y, x = np.mgrid[:128, :128].astype(float)
    moving = (np.sin(x / 5) + np.cos(y / 6 + x / 15))[None, None]
    side = np.linspace(110, 120, 5)
    points = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    rng = np.random.default_rng(5)
    theta = (points + rng.uniform(-0.1, 0.1, points.shape))[None]
    arrays = moving, moving[..., ::-1], np.ones((1, 128, 128)), theta, points
    options = {"kernel": "cubic", "boundary": "border", "frame": "pixel"}
    found = warp_tps_gram(*arrays, **options)
    static = warp_tps_gram.bind(arrays, options)[1]
    np.testing.assert_allclose(found, warp_tps_gram.body(*arrays, **static), rtol=0, atol=1e-12 * found.max())
    assert np.linalg.eigvalsh(found[0, :-1, :-1])[0] > 0


@compiled
def test_what_does_not_fit_is_left_to_array_code():
    image, theta = np.ones((1, 1, 4, 5)), np.ones((1, 2, 3))
    source = Source(AFFINE, theta, (4, 5))
    options = {"boundary": "border", "fill_value": 0.0}
    assert (
        find_sums(image.astype("i8"), image, image[0], source, "pixel", kernel="linear", **options)
        is NotImplemented
    )
    assert find_sums(image, image, image[0], source, "pixel", kernel="one's own", **options) is NotImplemented


def test_matrix():
    """Parameters (i, a) in C order, then the residual."""
    rng = np.random.default_rng(4)
    s, f, r = rng.standard_normal((3, 2)), rng.standard_normal((3, 4)), rng.standard_normal(3)
    rows = np.einsum("ni,na->nia", s, f)
    sums = Sums(np.einsum("nia,njb->niajb", rows, rows), rows * r[:, None, None], r * r)
    z = np.concatenate([rows.reshape(3, 8), r[:, None]], axis=1)
    np.testing.assert_allclose(sums.matrix(), np.einsum("np,nq->npq", z, z), rtol=1e-14)


def test_the_struct_mirrors_that_of_c():
    folders = [Path(entry, "kernels", "cpu") for entry in sys.modules["warpkit"].__path__]
    header = next(folder for folder in folders if folder.is_dir()).joinpath("abi.h").read_text()
    text = header.split("struct wk_least_squares {")[1].split("\n};")[0]
    declared = re.findall(r"^ +([^/;]*?)(\w+);", text, re.MULTILINE)
    types = {
        "int32_t": "c_int",
        "int64_t": "c_long",
        "struct wk_sampling": "Sampling",
        "const void *": "c_void_p",
        "const double *": "c_void_p",
    }
    expected = [(name, types[kind.strip()]) for kind, name in declared]
    found = [(name, kind.__name__.replace("c_longlong", "c_long")) for name, kind in LeastSquares._fields_]
    assert found == expected


@compiled
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
@pytest.mark.parametrize("count", [1, 2, 3, MAX_RESIDUALS, MAX_RESIDUALS + 1])
def test_fixed_images_that_share_all_else(op, count):
    """Each has the bits that it has alone; a part of the output sees nothing of the image."""
    rng = np.random.default_rng(6)
    for shape, out_shape in SHAPES[1:]:
        theta = draw_theta(rng, op, 1, len(shape))
        theta[0][..., -1:] *= 1.5
        moving, fixed = rng.standard_normal((1, 2, *shape)), rng.standard_normal((count, 2, *out_shape))
        for weights in (rng.random((1, *out_shape)), np.full((1, *[1] * len(shape)), 2.0)):
            options = {"boundary": "constant", "fill_value": 0.0}
            together = op(moving, fixed, weights, *theta, **options)
            assert len(together) == count
            for i in range(count):
                alone = op(moving, fixed[i : i + 1], weights, *theta, **options)
                np.testing.assert_array_equal(together[i : i + 1], alone)
            agree(op, moving, fixed, weights, *theta, **options)


@compiled
def test_so_many_residuals_are_refused():
    """More than the kernel has room for, or of several items."""
    many = MAX_RESIDUALS + 1
    for residuals, fixed_n, source_n in ((0, 1, 1), (many, many, 1), (2, 1, 1), (2, 2, 2)):
        sampling = Sampling(ndim=2, source=AFFINE, num_threads=1, image_n=1, source_n=source_n, channels=1)
        arguments = LeastSquares(sampling, fixed_n=fixed_n, weights_n=1, residuals=residuals)
        with pytest.raises(_native.KernelError, match="unsupported"):
            _native.call("wk_normal_equations", arguments)
