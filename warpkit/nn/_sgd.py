"""Stochastic gradient descent."""

from __future__ import annotations

from warpkit._core import Array, wrong_value

from ._module import Module
from ._optimizer import AbstractOptimizer, LearningRate


class SGD(AbstractOptimizer):
    r"""Stochastic gradient descent with momentum.

    With the gradient :math:`g`, momentum :math:`\mu`, learning rate :math:`\eta` and a module's factor
    :math:`\lambda`,

    .. math:: v \leftarrow \mu v + g, \qquad p \leftarrow p - \eta \lambda v.

    Parameters
    ----------
    network : Module
        Whose parameters are changed.
    learning_rate : float or callable
        A number, or a function of the number of steps done, such as :class:`StepDecay`.
    momentum : float
        From 0, none, to less than 1.
    weight_decay : float
        How fast weights go to zero by themselves, in units of the learning rate: at each step
        :math:`p \leftarrow (1 - \eta \lambda w) p` as well. Biases do not decay,
        and what a :class:`SpatialTransformer` learns does not by default.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> network = wk.nn.Linear(2, 1, rng=np.random.default_rng(0))
    >>> optimizer = wk.nn.SGD(network, learning_rate=0.1, momentum=0.9)
    >>> (network(np.ones((1, 2), np.float32)) - 3.0).sum().backward()
    >>> optimizer.step()
    >>> network.bias.data
    array([-0.1], dtype=float32)
    """

    def __init__(
        self,
        network: Module,
        learning_rate: LearningRate,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(network, learning_rate, weight_decay)
        if not 0 <= momentum < 1:
            raise wrong_value("momentum", "a number from 0 to less than 1", momentum)
        self.momentum = float(momentum)

    def update(self, name: str, ct: Array) -> Array:
        """Return the velocity :math:`v`."""
        slots = self.slots.setdefault(name, {})
        slots["velocity"] = self.momentum * slots["velocity"] + ct if slots else ct
        return slots["velocity"]
