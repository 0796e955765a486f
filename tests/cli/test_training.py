import signal

import numpy as np
import pytest

from warpkit.cli._networks import make_networks
from warpkit.cli._training import Learner, Settings, make_learners, train
from warpkit.datasets import Dataset, load_digits

SETTINGS = Settings(epochs=2, batch_size=32, learning_rate=1e-3, seed=0)


@pytest.fixture(scope="module")
def dataset():
    digits = load_digits()
    few = slice(None, None, 10)
    return Dataset(
        "few",
        digits.train_images[few],
        digits.train_labels[few],
        digits.test_images[few],
        digits.test_labels[few],
    )


def learners(dataset, settings=SETTINGS):
    return make_learners(make_networks((28, 28), "affine", 0), dataset, settings)


def ignore(images):
    del images


def test_all_images_in_every_epoch(dataset):
    seen = []
    ours = learners(dataset)
    assert train(ours, dataset, SETTINGS, seen.append) is True
    assert seen == 2 * [32, 32, 32, 32, 7]  # 135 images
    for learner in ours:
        assert learner.images == 2 * 135
        assert learner.seconds > 0
        assert 0 <= learner.error <= 1


def test_learns(dataset):
    settings = Settings(epochs=15, batch_size=32, learning_rate=3e-3, seed=0)
    ours = learners(dataset, settings)
    first = {}

    def note_first(images):
        first.update({learner.name: learner.loss for learner in ours if learner.name not in first})

    train(ours, dataset, settings, note_first)
    for learner in ours:
        assert learner.loss < 0.8 * first[learner.name]


def test_seeded(dataset):
    both = [learners(dataset) for _ in range(2)]
    for ours in both:
        train(ours, dataset, SETTINGS, ignore)
    for one, other in zip(*both, strict=True):
        assert one.loss == other.loss
        state, other_state = one.network.state_dict(), other.network.state_dict()
        assert all((state[name] == other_state[name]).all() for name in state)


def test_turns_the_digits_anew_in_every_epoch(dataset, monkeypatch):
    seen = []
    monkeypatch.setattr(Learner, "step", lambda self, images, labels: seen.append((images, labels)))
    train(learners(dataset)[:1], dataset, SETTINGS, ignore)
    half = len(seen) // 2
    for images, labels in (seen[0], seen[half]):
        assert len(images) == len(labels) == 32
    sums = [
        np.concatenate([images for images, _ in part]).sum((1, 2, 3)) for part in (seen[:half], seen[half:])
    ]
    assert (np.sort(sums[0]) != np.sort(sums[1])).any()


def test_ctrl_c_ends_it(dataset, monkeypatch):
    ours, step = learners(dataset), Learner.step

    def step_and_interrupt(self, images, labels):
        step(self, images, labels)
        if self is ours[-1] and self.images > 60:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Learner, "step", step_and_interrupt)
    assert train(ours, dataset, SETTINGS, ignore) is False
    assert [learner.images for learner in ours] == [64, 64]
