"""What the demo reports at the end: errors, times, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from warpkit import no_grad
from warpkit._core import plain
from warpkit.datasets import Dataset, rotate, rotate_by
from warpkit.nn import Module

from ._networks import count_parameters
from ._training import Learner

ANGLES = (-90, -60, -30, 0, 30, 60, 90)
_RANDOM_IMAGES = 10_000  # the error under random angles is over at least so many
_BATCH = 1000


def measure_errors(network: Module, dataset: Dataset, seed: int) -> dict[str, float]:
    """Measure the test error over every test digit, at random angles and at fixed ones.

    Parameters
    ----------
    network : Module
        Maps images (n, 1, height, width) to logits (n, classes).
    dataset : Dataset
        Its test part is used.
    seed : int
        For the random angles; the same ones for every network.

    Returns
    -------
    dict from str to float
        Percentages of wrong answers: ``"R"`` under the paper's random rotation, every digit as often as it
        takes for 10000 images; ``"-90"`` to ``"90"`` at that angle in degrees.
    """
    images, labels = dataset.test_images, dataset.test_labels
    rng = np.random.default_rng([seed, 3])
    repeats = -(-_RANDOM_IMAGES // len(images))
    random = [_error(network, rotate(images, rng)[0], labels) for _ in range(repeats)]
    errors = {"R": float(np.mean(random))}
    for angle in ANGLES:
        turned, _ = rotate_by(images, angle)
        errors[f"{angle}"] = _error(network, turned, labels)
    return errors


def _error(network: Module, images: np.ndarray, labels: np.ndarray) -> float:
    """Percentage of wrong answers."""
    wrong = 0
    with no_grad():
        for start in range(0, len(images), _BATCH):
            logits = plain(network(images[start : start + _BATCH]))
            wrong += int(np.count_nonzero(logits.argmax(axis=1) != labels[start : start + _BATCH]))
    return 100 * wrong / len(images)


def table(learners: Sequence[Learner], errors: Sequence[dict[str, float]]) -> str:
    """Lay out what was measured, a line for each network."""
    columns = list(errors[0])
    heads = [f"{name:>6}" for name in columns]
    over = f"{'':>20}{'test error in % under R and at these angles':<{7 * len(columns)}}"
    lines = [over.rstrip(), f"{'':<8}{'parameters':>11} {' '.join(heads)}{'time':>9}{'images/s':>10}"]
    for learner, measured in zip(learners, errors, strict=True):
        cells = " ".join(f"{measured[name]:6.2f}" for name in columns)
        speed = learner.images / learner.seconds
        count = count_parameters(learner.network)
        lines.append(f"{learner.name:<8}{count:>11} {cells}{learner.seconds:>7.1f} s{speed:>10.0f}")
    return "\n".join(lines)
