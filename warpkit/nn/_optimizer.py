"""What optimisers share: where gradients come from, learning rates, and when to refuse."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from warpkit._core import Array, namespace, plain, wrong_type, wrong_value

from ._module import Module

LearningRate = float | Callable[[int], float]


class AbstractOptimizer(ABC):
    r"""Changes the parameters of a network by their gradients.

    Parameters
    ----------
    network : Module
        Whose parameters are changed.
    learning_rate : float or callable
        A number, or a function of the number of steps done, such as :class:`StepDecay`.
    weight_decay : float
        :math:`w` in :math:`p \leftarrow (1 - \eta \lambda w) p` at each step, with the learning rate
        :math:`\eta` and a module's factor :math:`\lambda`. Only parameters of two axes or more decay: not
        biases. A module's `weight_decay_factor` multiplies :math:`w`.

    Attributes
    ----------
    iteration : int
        Number of steps done.
    slots : dict
        For each parameter's name, the arrays by name that are remembered between steps.

    References
    ----------
    I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019: decay beside the gradient,
    not as a part of it, which Adam would scale away.
    """

    def __init__(self, network: Module, learning_rate: LearningRate, weight_decay: float = 0.0) -> None:
        if not isinstance(network, Module):
            raise wrong_type("network", "a Module", network)
        if not network.parameters():
            raise wrong_value("network", "a Module with parameters", "one without")
        if not (weight_decay >= 0 and np.isfinite(weight_decay)):
            raise wrong_value("weight_decay", "a number of at least 0", weight_decay)
        self.network = network
        self.learning_rate = learning_rate
        self.weight_decay = float(weight_decay)
        self.iteration = 0
        self.slots: dict[str, dict[str, Array]] = {}

    @abstractmethod
    def update(self, name: str, ct: Array) -> Array:
        """Direction in which a parameter goes, before the learning rate, given its gradient `ct`."""

    def state_dict(self) -> dict[str, Array]:
        """Return copies of what is remembered between steps: with it and the parameters, training goes on.

        Returns
        -------
        dict of arrays
            The number of steps done as "iteration", and "name:slot" for each parameter that was changed.

        Examples
        --------
        >>> import numpy as np, warpkit as wk
        >>> network = wk.nn.Linear(2, 1, rng=np.random.default_rng(0))
        >>> optimizer = wk.nn.SGD(network, learning_rate=0.1, momentum=0.9)
        >>> network(np.ones((1, 2), np.float32)).sum().backward()
        >>> optimizer.step()
        >>> list(optimizer.state_dict())
        ['iteration', 'weight:velocity', 'bias:velocity']
        """
        state: dict[str, Array] = {"iteration": np.array(self.iteration)}
        for name, slots in self.slots.items():
            state |= {f"{name}:{slot}": value.copy() for slot, value in slots.items()}
        return state

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Set what is remembered between steps.

        Parameters
        ----------
        state : mapping from str to array
            What :meth:`state_dict` of such an optimiser of such a network returned.

        Raises
        ------
        ValueError
            If the number of steps is missing, or an entry is not of a parameter of the network.
        """
        if "iteration" not in state:
            raise wrong_value("state", 'an entry "iteration"', f"the entries {list(state)}")
        parameters = self.network.named_parameters()
        slots: dict[str, dict[str, Array]] = {}
        for key in state:
            name, _, slot = key.rpartition(":")
            if key == "iteration":
                continue
            if name not in parameters:
                raise wrong_value("state", "entries of parameters of the network", f"{key!r}")
            slots.setdefault(name, {})[slot] = namespace(plain(parameters[name])).array(state[key])
        self.slots = slots
        self.iteration = int(state["iteration"])

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
        decays = self.network.weight_decay_factors()
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
            value = variable.data
            decay = self.weight_decay * float(decays[name])
            if decay and value.ndim > 1:
                value = (1 - factor * decay) * value
            variable.data = value - factor * self.update(name, ct)
        self.iteration += 1
