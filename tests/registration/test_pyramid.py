"""Levels keep the place of every pixel, and what is masked stays out of them."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from warpkit.registration._matrix_groups import map_points, scaling
from warpkit.registration._pyramid import (
    FINEST_SIGMA,
    SHORTEST,
    SIGMA,
    Level,
    depth,
    in_blocks,
    make_pyramid,
    thinned,
)


@pytest.mark.parametrize("shape", [(301, 200), (70, 301, 65), (20, 400)])
def test_pixels_keep_their_places(shape):
    """Of an image that says where it is, in space, every level does, away from its edges."""
    ndim = len(shape)
    to_space = scaling([0.5, 2.0, 3.0][:ndim], [-7.0, 5.0, 1.0][:ndim])
    axes = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in shape), indexing="ij")[::-1]
    places = map_points(to_space, np.stack([a.ravel() for a in axes], axis=1)).T.reshape(ndim, *shape)
    pyramid = make_pyramid(places, None, to_space)
    assert len(pyramid) > 1
    for level in pyramid:
        own = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in level.shape), indexing="ij")[::-1]
        expected = map_points(level.to_space, np.stack([a.ravel() for a in own], axis=1)).T
        middle = (slice(None), *(slice(n // 4, n - n // 4) for n in level.shape))
        found = level.image[middle]
        np.testing.assert_allclose(found, expected.reshape(ndim, *level.shape)[middle], rtol=2e-3, atol=2e-2)
        assert level.image.dtype == np.float32


def test_how_far_it_goes():
    pyramid = make_pyramid(np.zeros((1, 600, 80)), None, np.eye(3))
    assert [level.shape for level in pyramid] == [(600, 80), (300, 80), (150, 80), (75, 80)]
    assert min(pyramid[-1].shape) >= SHORTEST[2]
    volumes = make_pyramid(np.zeros((1, 40, 60, 100)), None, np.eye(4))
    assert [level.shape for level in volumes] == [(40, 60, 100), (40, 30, 50), (40, 30, 25)]
    assert len(make_pyramid(np.zeros((1, 300, 300)), None, np.eye(3), levels=2)) == 2


def test_no_aliasing():
    """Stripes of the finest kind vanish; they do not turn into coarse ones."""
    stripes = np.tile([0.0, 1.0], (1, 128, 64))
    coarse = make_pyramid(stripes, None, np.eye(3), levels=2)[1]
    np.testing.assert_allclose(coarse.image[0, 8:-8, 8:-8], 0.5, atol=0.02)


def test_weights_of_1_change_nothing():
    image = np.random.default_rng(0).random((2, 130, 100))
    for one, other in zip(
        make_pyramid(image, None, np.eye(3)), make_pyramid(image, np.ones((130, 100)), np.eye(3)), strict=True
    ):
        np.testing.assert_allclose(one.image, other.image, rtol=1e-5)
        np.testing.assert_allclose(other.weights, 1, rtol=1e-5)
        assert one.weights is None


def test_what_is_masked_does_not_leak():
    """Not even NaN."""
    image = np.random.default_rng(0).random((1, 128, 128))
    mask = np.ones((128, 128), bool)
    mask[40:60, 40:80] = False
    spoiled = [np.where(mask, image, value) for value in (1e6, np.nan)]
    for one, other in zip(*(make_pyramid(x, mask, np.eye(3)) for x in spoiled), strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        assert np.isfinite(one.image).all()
        assert (one.image <= 1.001).all()
    finest = make_pyramid(spoiled[0], mask, np.eye(3))[0]
    far = (slice(None), slice(0, 30))
    blurred = gaussian_filter(image, (0, FINEST_SIGMA, FINEST_SIGMA), mode="nearest")
    np.testing.assert_allclose(finest.image[far], blurred[far], rtol=1e-4)
    np.testing.assert_array_equal(finest.weights[~mask], 0)


def test_blocks():
    """What is left over at the ends is left out."""
    image = np.arange(7.0 * 5).reshape(7, 5)
    np.testing.assert_array_equal(in_blocks(image, 1), image)
    expected = [[image[i : i + 2, j : j + 2].mean() for j in (0, 2)] for i in (0, 2, 4)]
    np.testing.assert_array_equal(in_blocks(image, 2), expected)


@pytest.mark.parametrize("masked", [False, True])
def test_coarser_levels_are_blurred_and_thinned(masked):
    """Whatever the order in which axes are blurred and pixels left out: the same bits."""
    rng = np.random.default_rng(0)
    image, mask = rng.random((2, 50, 61, 48), dtype=np.float32), None
    if masked:
        mask = (rng.random((50, 61, 48)) > 0.1).astype(np.float32)
    coarse = make_pyramid(image, mask, np.eye(4))[1]
    few = (slice(None), *[slice(None, None, 2)] * 3)
    counted = image if mask is None else image * mask
    blurred = gaussian_filter(counted, (0, SIGMA, SIGMA, SIGMA), mode="nearest")
    if mask is not None:
        near = gaussian_filter(mask, SIGMA, mode="nearest")
        blurred = blurred / near
        np.testing.assert_array_equal(coarse.weights, np.where(mask > 0, near, 0)[few[1:]])
    np.testing.assert_array_equal(coarse.image, blurred[few])


def test_a_level_that_is_not_looked_at_is_left_as_it_is():
    image = np.random.default_rng(0).random((1, 130, 140))
    whole, coarse = (make_pyramid(image, None, np.eye(3), finest_level=level) for level in (0, 1))
    np.testing.assert_array_equal(coarse[0].image, image.astype(np.float32))
    assert abs(whole[0].image - coarse[0].image).max() > 0.1
    for one, other in zip(whole[1:], coarse[1:], strict=True):
        np.testing.assert_array_equal(one.image, other.image)


@pytest.mark.parametrize("shape", [(127, 20), (128, 20), (20, 255), (300, 500), (47, 40, 40), (20, 97, 48)])
def test_depth(shape):
    assert depth(shape) == len(make_pyramid(np.zeros((1, *shape)), None, np.eye(len(shape) + 1)))


@pytest.mark.parametrize(("shape", "most", "expected"), [((6, 8), 48, (6, 8)), ((9, 30), 100, (9, 10))])
def test_thinned_pixels_keep_their_places(shape, most, expected):
    values = np.random.default_rng(0).random((2, *shape))
    level = Level(values, values[0], scaling([0.5, 2.0], [3.0, 4.0]))
    thin = thinned(level, most)
    assert thin.shape == expected
    for pixel in np.ndindex(expected):
        place = map_points(thin.to_space, np.array([pixel[::-1]], float))
        ((column, row),) = map_points(np.linalg.inv(level.to_space), place).round().astype(int)
        np.testing.assert_array_equal(thin.image[:, *pixel], values[:, row, column])
        assert thin.weights[pixel] == values[0, row, column]
