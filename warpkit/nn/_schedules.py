"""Learning rates that change during training: functions of the number of steps done."""

from __future__ import annotations

import math
from dataclasses import dataclass

from warpkit._core import wrong_value


@dataclass(frozen=True)
class StepDecay:
    r"""A learning rate multiplied by a factor every so many steps.

    Parameters
    ----------
    initial : float
        The learning rate at the start.
    every : int
        Steps from one decrease to the next.
    factor : float
        What it is multiplied by: :math:`\eta_i = \eta_0 f^{\lfloor i / k \rfloor}`.

    References
    ----------
    M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015,
    appendix A: MNIST is trained with 0.01, times 0.1 every 50000 steps.

    Examples
    --------
    >>> import warpkit as wk
    >>> schedule = wk.nn.StepDecay(0.5, every=10, factor=0.5)
    >>> schedule(9), schedule(10)
    (0.5, 0.25)
    """

    initial: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        if self.every < 1:
            raise wrong_value("every", "a number of steps of at least 1", self.every)

    def __call__(self, iteration: int) -> float:
        """Learning rate of the step after `iteration` steps."""
        return self.initial * self.factor ** (iteration // self.every)


@dataclass(frozen=True)
class CosineDecay:
    r"""A learning rate that falls to 0 along half a cosine.

    Parameters
    ----------
    initial : float
        The learning rate at the start.
    steps : int
        Number of steps n after which it is 0:
        :math:`\eta_i = \tfrac12 \eta_0 (1 + \cos(\pi \min(i / n, 1)))`.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5.

    Examples
    --------
    >>> import warpkit as wk
    >>> schedule = wk.nn.CosineDecay(0.5, steps=10)
    >>> schedule(0), schedule(5), schedule(10)
    (0.5, 0.25, 0.0)
    """

    initial: float
    steps: int

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise wrong_value("steps", "a number of steps of at least 1", self.steps)

    def __call__(self, iteration: int) -> float:
        """Learning rate of the step after `iteration` steps."""
        return self.initial * 0.5 * (1 + math.cos(math.pi * min(iteration / self.steps, 1)))
