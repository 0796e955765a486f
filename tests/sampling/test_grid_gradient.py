"""The gradient of an image is its pulls with one derivative each."""

import numpy as np
import pytest

from warpkit import grid_gradient, grid_sample, identity_grid
from warpkit.sampling import BOUNDARIES
from warpkit.testing import check_op


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("shape", [(6,), (4, 5), (3, 4, 2)])
def test_components(boundary, shape):
    """In the order (x, y[, z])."""
    rng, ndim = np.random.default_rng(0), len(shape)
    image, grid = rng.standard_normal((2, 3, *shape)), rng.uniform(-1.5, 1.5, (2, 4, ndim))
    out = grid_gradient(image, grid, boundary=boundary, fill_value=2.0)
    assert out.shape == (2, 3, 4, ndim)
    for d in range(ndim):
        index = tuple(int(e == d) for e in range(ndim))
        pulled = grid_sample(image, grid, boundary=boundary, fill_value=2.0, derivative=index)
        np.testing.assert_array_equal(out[..., d], pulled)


@pytest.mark.parametrize(
    ("frame", "unit"), [("pixel", (1, 1)), ("normalized", (4, 2.5)), ("corners", (3.5, 2))]
)
def test_units_are_those_of_the_frame(frame, unit):
    """The plane 2 x + 3 y, of 5 by 8 pixels."""
    y, x = np.indices((5, 8))
    image = (2.0 * x + 3.0 * y)[None, None]
    grid = 0.5 * identity_grid((5, 8), frame)[:, 1:-1, 1:-1] + (0.3 if frame == "pixel" else 0)
    out = grid_gradient(image, grid, frame=frame)
    np.testing.assert_allclose(out, np.broadcast_to([2 * unit[0], 3 * unit[1]], out.shape), rtol=1e-12)


def test_right_differences_at_pixel_centres():
    """NumPy's diff, and zero at the far border."""
    image = np.random.default_rng(1).integers(-9, 9, (1, 1, 4, 6)).astype(np.float64)
    out = grid_gradient(image, identity_grid((4, 6), "pixel"), boundary="border", frame="pixel")
    np.testing.assert_array_equal(out[0, 0, :, :-1, 0], np.diff(image[0, 0], axis=1))
    np.testing.assert_array_equal(out[0, 0, :-1, :, 1], np.diff(image[0, 0], axis=0))
    assert not out[0, 0, :, -1, 0].any()
    assert not out[0, 0, -1, :, 1].any()


def test_derivatives():
    """The Hessian of a bilinear cell has no diagonal, and mixed differences beside it."""
    rng = np.random.default_rng(2)
    image = rng.standard_normal((1, 2, 4, 5))
    check_op(grid_gradient, image, rng.integers(-1, 5, (1, 4, 2)) + 0.3, frame="pixel")
    tan = grid_gradient.jvp((None, np.array([[[1.0, 0.0]]])), image, np.array([[[1.5, 1.5]]]), frame="pixel")
    (a, b), (c, d) = image[0, 0, 1:3, 1:3]
    np.testing.assert_allclose(tan[0, 0, 0], [0, a - b - c + d], atol=1e-15)


def test_integer_images_have_float32_gradients():
    out = grid_gradient(np.array([[[0, 3, 9]]], np.uint8), np.array([[[0.5], [1.5]]]), frame="pixel")
    assert out.dtype == np.float32
    assert out.tolist() == [[[[3], [6]]]]


def test_errors_are_those_of_sampling():
    with pytest.raises(ValueError, match="grid: expected a last axis of length 2"):
        grid_gradient(np.ones((1, 1, 4, 5)), np.zeros((1, 3, 3)))
    with pytest.raises(ValueError, match=r"image: expected shape \(n, c, \*spatial\)"):
        grid_gradient(np.ones((4, 5)), np.zeros((1, 3, 2)))
    with pytest.raises(TypeError, match="grid_gradient: argument 'derivative' is unknown"):
        grid_gradient(np.ones((1, 1, 4, 5)), np.zeros((1, 3, 2)), derivative=(1, 0))
