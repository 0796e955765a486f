"""Folding a frame into parameters: mapping pixels is converting, mapping, converting back."""

import numpy as np
import pytest

from warpkit.autograd import Variable, vjp
from warpkit.grids import FRAMES, convert_points
from warpkit.transforms import affine_points, projective_points
from warpkit.transforms._to_pixels import (
    affine_from_pixels_cotangent,
    affine_to_pixels,
    displacement_to_pixels,
    identity_to_pixels,
    projective_to_pixels,
)

IN_SHAPE, OUT_SHAPE = (4, 7, 5), (6, 3, 8)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_matrices(frame, ndim):
    rng = np.random.default_rng(0)
    in_shape, out_shape = IN_SHAPE[:ndim], OUT_SHAPE[:ndim]
    pixels = rng.uniform(0, 5, (1, 6, ndim))
    places = convert_points(pixels, out_shape, "pixel", frame)
    for theta, fold, points in [
        (np.eye(ndim, ndim + 1), affine_to_pixels, affine_points),
        (np.eye(ndim + 1), projective_to_pixels, projective_points),
    ]:
        noise = rng.uniform(-0.2, 0.2, theta.shape)
        if fold is projective_to_pixels:
            noise[-1, :-1] *= 0.1 if frame == "pixel" else 1.0
        theta = (theta + noise)[None]
        expected = convert_points(points(theta, places), in_shape, frame, "pixel")
        found = points(fold(theta, in_shape, out_shape, frame), pixels)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("frame", FRAMES)
def test_identity_is_exact(frame):
    for length in range(1, 301):
        shape = (length, 301 - length)
        np.testing.assert_array_equal(
            identity_to_pixels(shape, shape, frame)[0, 1], [0, length > 1 or frame != "corners", 0]
        )
        theta = projective_to_pixels(np.eye(3)[None], shape, shape, frame)
        if frame != "corners" or min(shape) > 1:
            np.testing.assert_array_equal(theta[0], np.eye(3))


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_arrays_have_the_bits_of_what_is_traced(frame, ndim):
    """For plain arrays there is a shorter way to the same sums."""
    rng = np.random.default_rng(1)
    for n, dtype in [(1, np.float32), (5, np.float64), (0, np.float64), (3, np.float16)]:
        theta = rng.standard_normal((n, ndim + 1, ndim)).astype(dtype).transpose(0, 2, 1)
        for in_shape in (IN_SHAPE[:ndim], (1,) * ndim):
            found = affine_to_pixels(theta, in_shape, OUT_SHAPE[:ndim], frame)
            traced = affine_to_pixels(Variable(theta), in_shape, OUT_SHAPE[:ndim], frame).data
            assert found.dtype == traced.dtype == np.float64
            assert found.flags.c_contiguous
            np.testing.assert_array_equal(found, traced)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_cotangent(frame, ndim):
    """Against that of the traced map."""
    rng = np.random.default_rng(2)
    theta, ct_pixels = rng.standard_normal((2, 4, ndim, ndim + 1))
    shapes = IN_SHAPE[:ndim], OUT_SHAPE[:ndim]
    _, pull_back = vjp(lambda theta: affine_to_pixels(theta, *shapes, frame), (theta,))
    before = ct_pixels.copy()
    found = affine_from_pixels_cotangent(ct_pixels, *shapes, frame)
    np.testing.assert_allclose(found, pull_back(ct_pixels)[0], rtol=1e-13, atol=1e-13)
    np.testing.assert_array_equal(ct_pixels, before)


def test_displacement():
    field = np.ones((1, 2, 3, 2), np.float32)
    out = displacement_to_pixels(field, (4, 6), "normalized")
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out[0, 0, 0], [3.0, 2.0])
    np.testing.assert_array_equal(displacement_to_pixels(field, (4, 6), "corners")[0, 0, 0], [2.5, 1.5])
