"""Images that have nothing to do with each other."""

import numpy as np
import pytest

from benchmarks.registration import unrelated as module
from benchmarks.registration.homographies import Pair
from benchmarks.registration.unrelated import KINDS, _row


@pytest.fixture
def scenes(monkeypatch):
    """Three, small, that show squares at random places."""

    def read(names):
        for seed, name in enumerate(names):
            rng, image = np.random.default_rng(seed), np.zeros((70, 90), np.uint8)
            for row, column in rng.integers(0, (60, 80), (12, 2)):
                image[row : row + 9, column : column + 9] += rng.integers(20, 200, dtype=np.uint8)
            yield Pair(name, image, image.copy(), np.eye(3), np.zeros((1, 2)), np.zeros((1, 2)))

    monkeypatch.setattr(module, "read_pairs", read)
    monkeypatch.setattr(module, "NOISES", 1)
    monkeypatch.setattr(module, "NOISE_SHAPE", (70, 90))
    return ("adam", "boat", "city")


def test_kinds(scenes):
    assert [len(list(images(scenes))) for images in KINDS.values()] == [6, 6, 6, 6]


def test_a_row_counts_what_was_refused_and_what_was_believed(scenes):
    one, other = (pair.fixed for pair in module.read_pairs(scenes[:2]))
    row = _row("some", [(one, one), (one, other), (one, np.zeros_like(one))], "translation", "ncc", 0)
    assert row["pairs"] == "3"
    assert row["refused"] == row["converged"] == "1"
    near, tiles = map(int, row["most parts agree"].split(" of "))
    assert near == tiles > 0
