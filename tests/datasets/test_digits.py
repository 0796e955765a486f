import sys

import numpy as np
import pytest

from warpkit.datasets import load_digits


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def test_shapes(digits):
    assert digits.train_images.shape == (1347, 1, 28, 28)
    assert digits.test_images.shape == (450, 1, 28, 28)
    assert digits.train_images.dtype == digits.test_images.dtype == np.float32
    assert digits.train_labels.shape == (1347,)
    assert digits.test_labels.dtype == np.int64


def test_values(digits):
    assert digits.train_images.min() == 0
    assert digits.train_images.max() == 1
    # The border around a digit, 4 of 28 pixels but for the interpolation's half an original pixel, is black.
    for border in (digits.train_images[..., :2], digits.train_images[:, :, -2:]):
        assert not border.any()
    assert 0.05 < digits.train_images.mean() < 0.25


def test_classes_have_their_share(digits):
    train, test = np.bincount(digits.train_labels), np.bincount(digits.test_labels)
    assert (abs(train / (train + test) - 0.75) < 0.005).all()
    assert (train + test).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_same_split_in_every_call(digits):
    again = load_digits()
    np.testing.assert_array_equal(again.test_images, digits.test_images)
    np.testing.assert_array_equal(again.train_labels, digits.train_labels)


def test_no_digit_in_both_parts(digits):
    train = {image.tobytes() for image in digits.train_images}
    assert not any(image.tobytes() in train for image in digits.test_images)


def test_other_shape():
    assert load_digits((16, 20)).test_images.shape == (450, 1, 16, 20)
    with pytest.raises(ValueError, match="shape"):
        load_digits((16,))


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r'pip install "warpkit-diff\[demo\]"'):
        load_digits()
