import numpy as np
import pytest

from warpkit.datasets import batches


def test_each_image_once_with_its_label():
    labels = np.arange(10)
    images = labels[:, None] * np.ones(3)
    found = list(batches(images, labels, 4, np.random.default_rng(0)))
    assert [len(part) for part, _ in found] == [4, 4, 2]
    for part, part_labels in found:
        np.testing.assert_array_equal(part[:, 0], part_labels)
    order = np.concatenate([part_labels for _, part_labels in found])
    assert sorted(order) == list(labels)
    assert list(order) != list(labels)


def test_seeded():
    def orders(seed):
        return [y.tolist() for _, y in batches(np.zeros(9), np.arange(9), 2, np.random.default_rng(seed))]

    assert orders(1) == orders(1) != orders(2)


def test_nothing():
    assert list(batches(np.zeros((0, 1)), np.zeros(0), 4)) == []


def test_bad_arguments():
    with pytest.raises(ValueError, match="labels: expected 3, one per image, given 2"):
        batches(np.zeros(3), np.zeros(2), 1)
    with pytest.raises(ValueError, match="batch_size: expected a number of at least 1, given 0"):
        batches(np.zeros(3), np.zeros(3), 0)
