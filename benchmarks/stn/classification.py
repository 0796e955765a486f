"""What all experiments share in which a network tells classes apart."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from warpkit import nn, no_grad
from warpkit.nn import Module

from .experiment import AbstractExperiment, Batch


class Classification(AbstractExperiment):
    """Cross-entropy to train by, and the share of wrong answers to compare."""

    @abstractmethod
    def test_batches(self) -> Iterator[Batch]:
        """All of the test data, the same for every network."""

    def loss(self, network: Module, inputs: Any, targets: Any) -> tuple[Any, float]:
        logits: Any = network(inputs)
        wrong = float((logits.data.argmax(axis=1) != targets).mean())
        return nn.cross_entropy(logits, targets), wrong

    def evaluate(self, network: Module, to_device: Any) -> dict[str, float]:
        return {"error": percent_wrong(network, self.test_batches(), to_device)}


def percent_wrong(network: Module, batches: Iterator[Batch], to_device: Any) -> float:
    """The error of a network that gives logits (n, classes), in percent."""
    wrong = total = 0
    for batch in batches:
        with no_grad():
            logits: Any = network(to_device(batch.inputs))
        wrong += int((logits.data.argmax(axis=1) != to_device(batch.targets)).sum())
        total += len(batch.targets)
    return 100 * wrong / total
