"""What optimisers share: where gradients come from, learning rates, and when to refuse."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from warpkit._core import Array, namespace, plain, wrong_type, wrong_value

from ._module import Module

LearningRate = float | Callable[[int], float]


class AbstractOptimizer(ABC):
    """Changes the parameters of a network by their gradients.

    Parameters
    ----------
    network : Module
        Whose parameters are changed.
    learning_rate : float or callable
        A number, or a function of the number of steps done, such as :class:`StepDecay`.

    Attributes
    ----------
    iteration : int
        Number of steps done.
    """

    def __init__(self, network: Module, learning_rate: LearningRate) -> None:
        if not isinstance(network, Module):
            raise wrong_type("network", "a Module", network)
        if not network.parameters():
            raise wrong_value("network", "a Module with parameters", "one without")
        self.network = network
        self.learning_rate = learning_rate
        self.iteration = 0

    @abstractmethod
    def update(self, name: str, ct: Array) -> Array:
        """Direction in which a parameter goes, before the learning rate, given its gradient `ct`."""

    def current_learning_rate(self) -> float:
        """Learning rate of the next step, before the factors of modules.

        Raises
        ------
        ValueError
            If it is negative or not finite.
        """
        rate = self.learning_rate(self.iteration) if callable(self.learning_rate) else self.learning_rate
        if not (rate >= 0 and np.isfinite(rate)):
            raise wrong_value("learning_rate", "a number of at least 0", rate)
        return float(rate)

    def step(self) -> None:
        """Change each parameter that has a gradient; nothing changes if one of them is not finite.

        Raises
        ------
        FloatingPointError
            If a gradient holds a NaN or an infinity: the message names the parameter.
        RuntimeError
            If no parameter has a gradient.
        """
        rate = self.current_learning_rate()
        parameters, factors = self.network.named_parameters(), self.network.learning_rate_factors()
        gradients = {name: plain(v.grad) for name, v in parameters.items() if v.grad is not None}
        if not gradients:
            raise RuntimeError("no parameter has a gradient: call backward() on the loss first")
        for name, ct in gradients.items():
            if not bool(namespace(ct).isfinite(ct).all()):
                raise FloatingPointError(
                    f"the gradient of parameter {name!r} holds a NaN or an infinity in step {self.iteration}"
                )
        for name, ct in gradients.items():
            variable: Any = parameters[name]
            factor = rate * float(factors[name])  # a NumPy scalar would widen float32 parameters
            variable.data = variable.data - factor * self.update(name, ct)
        self.iteration += 1
