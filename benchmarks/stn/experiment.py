"""What an experiment has to say; training and the command line know no more of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit.nn import Module

from .plan import Plan


@dataclass(frozen=True)
class Batch:
    """Arrays of NumPy; what they mean is the experiment's business."""

    inputs: np.ndarray
    targets: np.ndarray


class AbstractExperiment(ABC):
    """A data set, the networks that are compared on it, and how well one of them does."""

    models: tuple[str, ...]
    transforms: tuple[str, ...]
    batch_size: int = 256
    # Best for both ST-FCN and FCN on R in 5000 iterations, among rates of 1e-3 to 5e-3 and factors of 0.1
    # to 1: 1.84 and 2.39 %. The next best are 1.86 (5e-3 and 0.2) and 2.51 % (5e-3).
    learning_rate: float = 3e-3
    localizer_factor: float = 0.3

    @abstractmethod
    def network(self, plan: Plan, rng: np.random.Generator) -> Module:
        """The network at the start."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, count: int) -> Batch:
        """A new sample of the training data."""

    @abstractmethod
    def loss(self, network: Module, inputs: Any, targets: Any) -> tuple[Any, float]:
        """The scalar to make small, a variable; and the share of wrong answers."""

    @abstractmethod
    def evaluate(self, network: Module, to_device: Any) -> dict[str, float]:
        """Figures on test data, the same data for every network; the first is the one that is compared."""
