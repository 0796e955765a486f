import numpy as np
import pytest

from warpkit.datasets import Dataset


def test_fields():
    image, label = np.zeros((1, 1, 2, 2)), np.zeros(1)
    dataset = Dataset("name", image, label, image, label)
    assert dataset.train_images is image
    with pytest.raises(AttributeError):
        dataset.name = "other"
