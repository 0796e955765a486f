import numpy as np
import pytest
from scipy import ndimage

from warpkit.metrics import window_sum
from warpkit.metrics._window_sum import sum_along, sum_neighbours


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 4, 6, 50])
@pytest.mark.parametrize("shape", [(17,), (9, 5), (4, 7, 1)])
def test_against_scipy(radius, shape):
    image = np.random.default_rng(0).standard_normal((2, 2, *shape))
    found = window_sum(image, radius=radius)
    for i, j in np.ndindex(2, 2):
        expected = ndimage.convolve(image[i, j], np.ones((2 * radius + 1,) * len(shape)), mode="constant")
        np.testing.assert_allclose(found[i, j], expected, atol=1e-12)


@pytest.mark.parametrize("window", range(1, 20))
def test_neighbours_against_a_loop(window):
    x = np.random.default_rng(1).integers(0, 100, (3, 25)).astype(float)
    expected = [x[:, i : i + window].sum(axis=1) for i in range(26 - window)]
    np.testing.assert_array_equal(sum_neighbours(x, 1, window), np.stack(expected, axis=1))
    np.testing.assert_array_equal(x, np.random.default_rng(1).integers(0, 100, (3, 25)))


def test_zeros_beyond():
    np.testing.assert_array_equal(sum_along(np.array([1.0, 10.0, 100.0]), 0, 1), [11, 111, 110])


def test_rounding_does_not_travel():
    """A huge value spoils its own windows only, unlike with running sums."""
    image = np.ones((1, 1, 1000), np.float32)
    image[..., 10] = 1e30
    np.testing.assert_array_equal(window_sum(image, radius=3)[..., 20:-3], 7)


@pytest.mark.parametrize(
    ("shape", "radius", "error", "message"),
    [
        ((2, 5), 1, ValueError, r"image: expected shape \(n, c, \*spatial\)"),
        ((1, 1, 5), -1, ValueError, "radius: expected an integer of at least 0, given -1"),
        ((1, 1, 5), 1.5, TypeError, "radius: expected an integer, given builtins.float"),
    ],
)
def test_errors(shape, radius, error, message):
    with pytest.raises(error, match=message):
        window_sum(np.zeros(shape), radius=radius)


def test_integers_are_not_summed():
    with pytest.raises(TypeError, match="image: expected a floating dtype, given int"):
        window_sum(np.zeros((1, 1, 5), int), radius=1)
