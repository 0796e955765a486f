"""The laws that all distortions keep."""

import numpy as np
import pytest

from warpkit.datasets import DISTORTIONS

SHAPES = {"R": (28, 28), "RTS": (42, 42), "P": (28, 28), "E": (28, 28), "TC": (60, 60)}


@pytest.fixture(params=DISTORTIONS)
def name(request):
    return request.param


@pytest.fixture
def images():
    """Bars in a black border, as digits have it."""
    images = np.zeros((12, 1, 28, 28), np.float32)
    for i, image in enumerate(images):
        image[0, 6:22, 6 + i : 10 + i] = np.random.default_rng(i).uniform(0.5, 1)
    return images


def test_names():
    assert list(DISTORTIONS) == list(SHAPES)


def test_shape_and_range(name, images):
    before = images.copy()
    out, theta = DISTORTIONS[name](images, np.random.default_rng(0))
    assert out.shape == (12, 1, *SHAPES[name])
    assert out.dtype == np.float32
    assert len(theta) == 12
    assert out.min() >= 0
    assert out.max() <= 1
    assert (out.sum(axis=(1, 2, 3)) > 0.3 * images.sum(axis=(1, 2, 3))).all()  # the bar is still there
    np.testing.assert_array_equal(images, before)


def test_seeded(name, images):
    first, second, other = (DISTORTIONS[name](images, np.random.default_rng(seed)) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert (first[1] != other[1]).any()


def test_each_image_has_its_own(name, images):
    _, theta = DISTORTIONS[name](images, np.random.default_rng(0))
    assert len({row.tobytes() for row in theta}) > len(images) / 2


def test_order_is_kept(name, images):
    """Labels stay with their images: an image that is black stays black, up to the pieces of clutter."""
    images[3] = 0
    out, _ = DISTORTIONS[name](images, np.random.default_rng(0))
    sums = out.sum(axis=(1, 2, 3))
    assert sums[3] < np.delete(sums, 3).min()


def test_empty_batch(name, images):
    out, theta = DISTORTIONS[name](images[:0], np.random.default_rng(0))
    assert out.shape == (0, 1, *SHAPES[name])
    assert len(theta) == 0


def test_float64_images(name, images):
    a = DISTORTIONS[name](images, np.random.default_rng(0))[0]
    b = DISTORTIONS[name](images.astype(np.float64), np.random.default_rng(0))[0]
    assert b.dtype == np.float32
    np.testing.assert_array_equal(a, b)
