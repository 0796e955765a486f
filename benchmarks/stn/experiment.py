"""What an experiment has to say; training and the command line know no more of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from warpkit.nn import Module

from .pictures import draw_transformers
from .plan import Plan

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    optimizer: str = "Adam"
    # Of the paper's networks for R with Adam, after 5000 iterations: the best of rates from 1e-3 to 5e-3 and
    # factors from 0.1 to 1, for ST-FCN and FCN alike.
    learning_rate: float = 3e-3
    localizer_factor: float = 0.3
    weight_decay: float = 0.0

    def plan(self, name: str, model: str, transform: str, seed: int, iterations: int, **given: Any) -> Plan:
        """A run of this experiment, `name`, with its own settings where None or nothing is given."""
        own = {
            "batch_size": self.batch_size,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "localizer_factor": self.localizer_factor,
            "weight_decay": self.weight_decay,
        }
        settings = own | {option: value for option, value in given.items() if value is not None}
        if "ST-" not in model:  # settings that would change nothing
            transform = "none"
            settings |= {"localizer_factor": 1.0, "bound": None, "outside_penalty": 0.0}
        return Plan(name, model, transform, seed, iterations, **settings)

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

    def picture(self, network: Module, inputs: Any, title: str = "") -> Figure:
        """Inputs of a batch, with the edges of what transformers look at, above what those give on."""
        return draw_transformers(network, inputs, title)
