"""The demo's training loop: several networks side by side on the same randomly turned digits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from warpkit import nn
from warpkit.datasets import Dataset, batches, rotate
from warpkit.nn import AbstractOptimizer, Module


@dataclass(frozen=True)
class Settings:
    """How to train."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int


@dataclass(eq=False)
class Learner:
    """A network in training, with what is measured on the way.

    Attributes
    ----------
    seconds : float
        Time spent in training steps: forward, backward and the change of the parameters.
    images : int
        Images seen in that time.
    loss, error : float
        Running means over about the last 20 steps: the cross-entropy, and the share of wrong answers, before
        the step learns from them.
    """

    name: str
    network: Module
    optimizer: AbstractOptimizer
    seconds: float = 0.0
    images: int = 0
    loss: float = field(default=math.nan)
    error: float = field(default=math.nan)

    def step(self, images: np.ndarray, labels: np.ndarray) -> None:
        """Learn from one batch."""
        start = time.perf_counter()
        self.network.zero_grad()
        logits = self.network(images)
        loss: Any = nn.cross_entropy(logits, labels)
        loss.backward()
        self.optimizer.step()
        self.seconds += time.perf_counter() - start
        self.images += len(images)
        wrong = np.mean(logits.data.argmax(axis=1) != labels)
        self.loss = _running_mean(self.loss, float(loss))
        self.error = _running_mean(self.error, float(wrong))


def _running_mean(mean: float, new: float) -> float:
    return new if math.isnan(mean) else 0.95 * mean + 0.05 * new


def make_learners(networks: dict[str, Module], dataset: Dataset, settings: Settings) -> list[Learner]:
    """Give each network an optimiser of its own, all alike."""
    steps = settings.epochs * math.ceil(len(dataset.train_images) / settings.batch_size)
    schedule = nn.CosineDecay(settings.learning_rate, steps)
    return [Learner(name, network, nn.Adam(network, schedule)) for name, network in networks.items()]


def train(
    learners: list[Learner], dataset: Dataset, settings: Settings, after_step: Callable[[int], None]
) -> bool:
    """Train all learners on the same batches, every digit turned anew in each epoch as the paper's R.

    Parameters
    ----------
    learners : list of Learner
        Are changed.
    dataset : Dataset
        Its training part is used.
    settings : Settings
        How to train.
    after_step : callable
        Called after each step with the number of images that it took.

    Returns
    -------
    bool
        Whether training was completed; False where Ctrl-C ended it.
    """
    rng = np.random.default_rng([settings.seed, 2])
    try:
        for _ in range(settings.epochs):
            for images, labels in batches(
                dataset.train_images, dataset.train_labels, settings.batch_size, rng
            ):
                turned, _ = rotate(images, rng)
                for learner in learners:
                    learner.step(turned, labels)
                after_step(len(images))
    except KeyboardInterrupt:
        return False
    return True
