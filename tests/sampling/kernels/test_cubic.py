"""Cubic convolution against Keys' formula, and what sets a = -1/2 apart."""

import numpy as np
import pytest

from warpkit import grid_sample
from warpkit.sampling.kernels import cubic, cubic_sharp

every_cubic = pytest.mark.parametrize(("kernel", "a"), [(cubic, -0.5), (cubic_sharp, -0.75)])


def keys(d, a):
    """Eq. (4) of Keys (1981), as it is printed there."""
    d = np.abs(d)
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


@every_cubic
def test_keys_formula(kernel, a):
    t = np.linspace(0, 1, 97)
    for offset, weight in zip(kernel.offsets, kernel.weights(t, 0), strict=True):
        np.testing.assert_allclose(weight, keys(t - offset, a), rtol=0, atol=5e-15)


@every_cubic
def test_slopes_at_a_pixel(kernel, a):
    """Central differences times -2 a: Catmull and Rom's tangents where a = -1/2."""
    np.testing.assert_array_equal(np.ravel(kernel.weights(np.zeros(1), 1)), [a, 0, -a, 0])


@every_cubic
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("t", [0.25, 0.3, 0.7, 1 - 2.0**-20])
def test_order_of_evaluation(kernel, a, dtype, t):
    """Compiled code has these very expressions; a scalar of the dtype at a time gives the same bits."""
    t, a = dtype(t), dtype(a)
    s = 1 - t
    two, three = dtype(2), dtype(3)

    def near(u):
        return ((a + two) * u - (a + three)) * u * u + dtype(1)

    expected = [a * t * s * s, near(t), near(s), a * s * t * t]
    found = np.ravel(kernel.weights(np.array([t]), 0))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


def test_torch_agrees_inside():
    """Its bicubic has a = -3/4. At the border it clamps coordinates, and is left alone there."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    image = rng.standard_normal((2, 3, 8, 9))
    grid = rng.uniform(-0.6, 0.6, (2, 50, 1, 2))
    expected = torch.nn.functional.grid_sample(
        torch.from_numpy(image), torch.from_numpy(grid), mode="bicubic", align_corners=False
    ).numpy()
    np.testing.assert_allclose(grid_sample(image, grid, kernel="cubic_sharp"), expected, atol=1e-13)
    assert np.abs(grid_sample(image, grid, kernel="cubic") - expected).max() > 0.01


def test_opencv_agrees_inside():
    """INTER_CUBIC has a = -3/4, too, and looks its weights up in steps of 1/32 of a pixel."""
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(1)
    image = rng.standard_normal((8, 9)).astype(np.float32)
    grid = (rng.integers(2 * 32, 5 * 32, (1, 50, 1, 2)) / 32).astype(np.float32)
    expected = cv2.remap(image, grid[0, ..., 0], grid[0, ..., 1], cv2.INTER_CUBIC)
    found = grid_sample(image[None, None], grid, kernel="cubic_sharp", frame="pixel")
    np.testing.assert_allclose(found[0, 0], expected, atol=1e-5)


def test_a_ramp():
    """Exact for a = -1/2. For a = -3/4 off by t s (2 t - 1)(1 + 2 a), which is up to 0.048 of its step."""
    ramp = np.arange(8.0).reshape(1, 1, -1)
    t = np.linspace(0, 1, 101)
    grid = (3 + t)[None, :, None]
    exact = grid_sample(ramp, grid, kernel="cubic", frame="pixel")[0, 0]
    np.testing.assert_allclose(exact, 3 + t, rtol=0, atol=2e-15)
    sharp = grid_sample(ramp, grid, kernel="cubic_sharp", frame="pixel")[0, 0]
    error = t * (1 - t) * (2 * t - 1) * (1 + 2 * -0.75)
    np.testing.assert_allclose(sharp - (3 + t), error, rtol=0, atol=4e-15)
    assert np.abs(error).max() == pytest.approx(0.048, abs=5e-4)
