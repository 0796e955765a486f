import numpy as np
import pytest

from warpkit.cli._networks import make_networks
from warpkit.cli._report import ANGLES, measure_errors, table
from warpkit.cli._training import Learner
from warpkit.datasets import Dataset
from warpkit.nn import Adam, Module


class Constant(Module):
    """Calls everything a 3."""

    def __call__(self, image):
        return np.eye(10)[np.full(len(image), 3)]


class Centre(Module):
    """Tells by the brightest quarter: 0 top left, 1 top right, 2 bottom left, 3 bottom right."""

    def __call__(self, image):
        halves = image.reshape(len(image), 2, 4, 2, 4)
        return halves.sum(axis=(2, 4)).reshape(len(image), 4)


@pytest.fixture
def dataset():
    """A bright blob in one of four quarters; the quarter is the class."""
    labels = np.arange(1200) % 4
    images = np.zeros((1200, 1, 2, 4, 2, 4), np.float32)
    images[np.arange(1200), 0, labels // 2, 1:3, labels % 2, 1:3] = 1
    images = images.reshape(1200, 1, 8, 8)
    return Dataset("quarters", images, labels, images, labels)


def test_counts_every_test_digit(dataset):
    errors = measure_errors(Constant(), dataset, seed=0)
    assert list(errors) == ["R", *map(str, ANGLES)]
    assert errors == dict.fromkeys(errors, 75.0)


def test_turns_by_the_angles_it_names(dataset):
    errors = measure_errors(Centre(), dataset, seed=0)
    assert errors["0"] == errors["30"] == errors["-30"] == 0
    assert errors["90"] == errors["-90"] == errors["60"] == 100
    assert errors["R"] == pytest.approx(50, abs=3)  # right up to 45 degrees, wrong beyond
    assert errors == measure_errors(Centre(), dataset, seed=0)


def test_table():
    network = make_networks((8, 8), "affine", 0)["FCN"]
    learner = Learner("FCN", network, Adam(network), seconds=2.0, images=3000)
    lines = table([learner], [{"R": 4.125, "-90": 12.0, "0": 1.0}]).splitlines()
    assert lines[1].split() == ["parameters", "R", "-90", "0", "time", "images/s"]
    assert lines[2].split() == ["FCN", "43914", "4.12", "12.00", "1.00", "2.0", "s", "1500"]
    assert len(lines[1]) == len(lines[2])
