"""Aligned images agree; shifted, different and flat ones do not."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import gaussian_filter, shift
from scipy.stats import binom

from warpkit.registration import _agreement
from warpkit.registration._agreement import (
    LARGE,
    LEAST_PROBABILITY,
    LEAST_SHARE,
    LONGEST,
    SMALL,
    Agreement,
    _best_shifts,
    _centred,
    _window_sums,
)

SHAPES = pytest.mark.parametrize("shape", [(150, 200), (60, 64, 68)])


def find_agreement(fixed, warped, weights):
    """Of images without channels."""
    return _agreement.find_agreement(fixed[None], warped[None], weights)


def texture(shape, seed, sigma=1.5):
    return gaussian_filter(np.random.default_rng(seed).standard_normal(shape), sigma)


@SHAPES
def test_an_image_agrees_with_itself(shape):
    image = texture(shape, 0)
    found = find_agreement(image, image, np.ones(shape))
    assert found.tiles > 20
    assert found.share == 1
    assert found.convincing


@SHAPES
@pytest.mark.parametrize("change", [lambda x: 3 * x + 7, lambda x: -x])
def test_whatever_gain_and_bias(shape, change):
    image = texture(shape, 0)
    assert find_agreement(image, change(image), np.ones(shape)).share == 1


@SHAPES
def test_different_images_do_not_agree(shape):
    """Whatever the textures: as many tiles as by chance."""
    for seed in range(5):
        for sigma in (1.0, 2.0, 4.0):
            images = [texture(shape, 2 * seed + i, sigma) for i in range(2)]
            found = find_agreement(*images, np.ones(shape))
            assert found.tiles > 20
            assert found.share < 0.25
            assert not found.convincing


@pytest.mark.parametrize(("distance", "agrees"), [(1.5, True), (3.0, False), (30.0, False)])
def test_how_far_out_of_place(distance, agrees):
    image = texture((200, 240), 0)
    found = find_agreement(image, shift(image, (0, distance)), np.ones(image.shape))
    assert found.convincing == agrees


def test_half_of_it():
    """A share that agrees is enough, if it is large."""
    image = texture((200, 240), 0)
    other = np.where(np.arange(240) < 120, image, texture((200, 240), 1))
    found = find_agreement(image, other, np.ones(image.shape))
    assert 0.3 < found.share < 0.7
    assert found.convincing


def test_only_inside():
    image = texture((200, 240), 0)
    other = np.where(np.arange(240) < 120, image, texture((200, 240), 1))
    inside = np.broadcast_to(np.arange(240) < 120, image.shape)
    assert find_agreement(image, other, inside).share == 1
    assert find_agreement(image, other, np.zeros(image.shape)).tiles == 0


@pytest.mark.parametrize("flat", [0, 1])
def test_flat_images_show_nothing(flat):
    images = [texture((100, 100), 0), texture((100, 100), 0)]
    images[flat] = np.full((100, 100), 3.0)
    assert not find_agreement(*images, np.ones((100, 100))).convincing


def test_small_and_large_images():
    small = texture((20, 200), 0)
    assert find_agreement(small, small, np.ones(small.shape)).tiles == 0
    large = texture((2 * LONGEST + 3, 400), 0, sigma=5)
    assert find_agreement(large, large, np.ones(large.shape)).share == 1


@pytest.mark.parametrize("ndim", [2, 3])
def test_shifts_are_those_of_a_slow_search(ndim):
    rng = np.random.default_rng(0)
    tiles, windows = rng.standard_normal((4, *[6] * ndim)), rng.standard_normal((4, *[10] * ndim))
    found = _best_shifts(_centred(tiles), windows)
    for tile, window, given in zip(tiles, windows, found, strict=True):
        scores = {
            place: abs(np.corrcoef(tile.ravel(), window[tuple(slice(i, i + 6) for i in place)].ravel())[0, 1])
            for place in np.ndindex(*[5] * ndim)
        }
        np.testing.assert_array_equal(given, np.array(max(scores, key=scores.get)) - 2)


@pytest.mark.parametrize(
    ("tiles", "near", "convincing"),
    [(0, 0, False), (4, 4, False), (8, 8, True), (100, 15, False), (100, 40, True)],
)
def test_chance_is_out_of_the_question(tiles, near, convincing):
    assert Agreement(tiles, near, tiles, 0.09).convincing == convincing
    assert not Agreement(tiles, near, tiles / 16, 0.09).convincing  # where most of them overlap


@pytest.mark.parametrize("search", [LARGE, SMALL])
def test_chance(search):
    """How often a tile of noise is near a place in other noise."""
    rng = np.random.default_rng(0)
    tiles = gaussian_filter(rng.standard_normal((500, search.tile, search.tile)), (0, 2, 2))
    window = search.tile + 2 * search.reach
    windows = gaussian_filter(rng.standard_normal((500, window, window)), (0, 2, 2))
    shifts = _best_shifts(_centred(tiles), windows)
    assert (np.hypot(*shifts.T) <= search.near).mean() < search.chance(2)


def test_channels_are_looked_at_one_by_one():
    """A channel and its inverse would leave nothing if they were mixed."""
    image = texture((150, 200), 0)
    both = np.stack([image, -image])
    alone = find_agreement(image, image, np.ones(image.shape))
    found = _agreement.find_agreement(both, both, np.ones(image.shape))
    assert (found.tiles, found.share) == (2 * alone.tiles, 1)
    assert found.independent == alone.independent


@pytest.mark.parametrize("shape", [(90, 2000), (300, 8000), (60, 1400)])
def test_long_images_are_looked_at(shape):
    image = texture(shape, 0, sigma=4)
    found = find_agreement(image, image, np.ones(shape))
    assert found.share == 1
    assert found.convincing


def test_few_tiles_of_thin_volumes():
    volume = texture((24, 200, 200), 0)
    found = find_agreement(volume, volume, np.ones(volume.shape))
    assert 20 < found.tiles <= 144
    assert found.convincing


def test_what_lies_beyond_has_no_texture():
    """Zeros beside large values: a jump that is no part of the image."""
    image = 30000 + texture((150, 200), 0)
    weights = np.ones(image.shape)
    weights[:, :10] = 0
    found = find_agreement(image, np.where(weights > 0, image, 0), weights)
    assert found.tiles > 20
    assert found.share == 1


@pytest.mark.parametrize(("length", "axes"), [(1, (0, 1)), (2, (1,)), (5, (0, 2)), (8, (0, 1, 2))])
def test_window_sums(length, axes):
    numbers = np.random.default_rng(0).integers(0, 100, (9, 8, 11))
    expected = numbers
    for axis in axes:
        expected = sliding_window_view(expected, length, axis).sum(axis=-1)
    np.testing.assert_array_equal(_window_sums(numbers, length, axes), expected)


@pytest.mark.parametrize(("tiles", "chance"), [(30, 0.09), (144, 0.02)])
def test_convincing_is_a_matter_of_probability(tiles, chance):
    """That of a binomial distribution, as SciPy has it."""
    for near in range(tiles + 1):
        enough = near / tiles >= max(LEAST_SHARE, 2 * chance)
        unlikely = binom.sf(near - 1, tiles, chance) < LEAST_PROBABILITY
        assert Agreement(tiles, near, tiles, chance).convincing == (enough and unlikely)
