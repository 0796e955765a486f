import numpy as np
import pytest

from warpkit.datasets import clutter


@pytest.fixture
def images():
    """Image i has the value (i + 1) / 100 everywhere."""
    return (
        np.ones((40, 1, 28, 28), np.float32) * (np.arange(1, 41, dtype=np.float32) / 100)[:, None, None, None]
    )


def test_the_digit_is_there_unchanged():
    images = np.random.default_rng(0).random((10, 1, 28, 28), np.float32)
    out, theta = clutter(images, np.random.default_rng(1), pieces=0)
    for image, canvas, (x, y) in zip(images, out, -theta[:, :, 2].astype(int), strict=True):
        np.testing.assert_array_equal(canvas[:, y : y + 28, x : x + 28], image)
        assert np.count_nonzero(canvas) == np.count_nonzero(image)


def test_places_are_everywhere(images):
    _, theta = clutter(np.repeat(images, 50, 0), np.random.default_rng(0), pieces=0)
    places = -theta[:, :, 2]
    assert set(np.unique(places)) == set(range(33))


def test_pieces(images):
    out, _ = clutter(images, np.random.default_rng(0))
    for i, canvas in enumerate(out):
        others = canvas[(canvas != images[i].max()) & (canvas != 0)]
        assert others.size <= 6 * 36
        assert others.size > 0 or canvas.max() == images[i].max()
    assert np.count_nonzero(out) > np.count_nonzero(images)


def test_brightest_wins(images):
    out, _ = clutter(images, np.random.default_rng(0))
    assert out[-1].max() == images[-1].max()
    assert (out[0] >= images[0].max()).sum() >= 28 * 28


def test_piece_of_every_place():
    """Over many draws each pixel of an image is cut at least once."""
    images = np.zeros((2, 1, 8, 8), np.float32)
    images[1] = np.arange(1, 65).reshape(8, 8) / 64
    seen = set()
    rng = np.random.default_rng(0)
    for _ in range(20):
        seen |= set(clutter(images, rng, (20, 20))[0][0].ravel().tolist())
    assert seen == {0.0} | set(images[1].ravel().tolist())


def test_bad_arguments(images):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="images: expected at least two"):
        clutter(images[:1], rng)
    with pytest.raises(ValueError, match=r"shape: expected \(28, 28\) to fit into \(20, 60\)"):
        clutter(images, rng, (20, 60))
    with pytest.raises(ValueError, match=r"piece_shape: expected \(29, 1\) to fit into \(28, 28\)"):
        clutter(images, rng, piece_shape=(29, 1))
    with pytest.raises(ValueError, match="pieces: expected a number of at least 0, given -1"):
        clutter(images, rng, pieces=-1)
