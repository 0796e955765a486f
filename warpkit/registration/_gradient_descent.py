r"""Methods of first order, for costs of so many parameters that a matrix of them would be too large.

The parameters are coefficients of a displacement, in pixels. So nobody sets a learning rate: the length of a
step is that of a displacement, and what is short is known.

* "lbfgs", SciPy's, learns from the last steps how the gradient changes, and looks along each step for where
  to stop (J. Nocedal, S. J. Wright, Numerical Optimization, 2006, section 7.2).
* "adam" moves each coefficient by up to LONGEST times what is short at first, and by less and less, down to
  that, in as many steps as it is given: as it overshoots, a step that brings nothing says nothing (D. P.
  Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1). Networks have one of
  their own, which is bound to their parameters; `nn` and `registration` do not import each other.

SciPy's uses BLAS: of 10 000 coefficients and more, the last bits may vary with that library's threads, though
not with those of the kernels.

A descent is at its end when PATIENCE steps in a row were short, or together brought hardly anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PATIENCE = 5
LEAST_GAIN = 0.001  # of the cost, for each of the last PATIENCE steps: less is not worth another step
LONGEST = 10.0
BETA, GAMMA = 0.9, 0.999  # how slowly the means of the gradient and of its square forget
EPSILON = 1e-12  # keeps the quotient finite

Cost = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""Of parameters (..., ndim), and its gradient by them."""


@dataclass(eq=False)
class Course:
    """The steps of a descent.

    Attributes
    ----------
    parameters : ndarray (..., ndim)
        Where it is.
    short : float
        A step is short that moves no coefficient by more.
    settled : bool
        Whether it is at its end.
    distances, costs : list of float
        Of each step: how far it moved a coefficient at most, and the cost after it.
    """

    parameters: np.ndarray
    short: float
    settled: bool = False
    distances: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def go(self, parameters: np.ndarray, cost: float) -> None:
        """Take a step, and say whether it was the last one."""
        self.distances.append(float(np.linalg.norm(parameters - self.parameters, axis=-1).max()))
        self.costs.append(cost)
        self.parameters = parameters
        if len(self.costs) > PATIENCE:
            before = self.costs[-1 - PATIENCE]
            hardly = before - cost <= PATIENCE * LEAST_GAIN * abs(before)
            self.settled = hardly or max(self.distances[-PATIENCE:]) <= self.short


def lbfgs(cost: Cost, start: np.ndarray, *, short: float, max_iterations: int) -> Course:
    """Make the cost least, from `start` on."""
    from scipy.optimize import minimize  # not with warpkit: it takes long to load

    course = Course(start, short)

    def flat(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = cost(x.reshape(start.shape))
        return value, gradient.ravel()

    def callback(intermediate_result: Any) -> None:
        course.go(intermediate_result.x.reshape(start.shape).copy(), float(intermediate_result.fun))
        if course.settled:
            raise StopIteration

    options = {"maxiter": max_iterations, "ftol": 0.0, "gtol": 0.0}
    found = minimize(flat, start.ravel(), jac=True, method="L-BFGS-B", callback=callback, options=options)
    if found.status != OUT_OF_STEPS:  # nothing along the gradient is lower, up to rounding
        course.settled = True
    return course


OUT_OF_STEPS = 1
"""SciPy's word for a search that ended because it had gone on for long enough."""


def adam(cost: Cost, start: np.ndarray, *, short: float, max_iterations: int) -> Course:
    """Make the cost less, from `start` on, in steps that shorten until they are short."""
    course, mean, mean_square = Course(start, short), np.zeros_like(start), np.zeros_like(start)
    _, gradient = cost(start)
    for t in range(1, max_iterations + 1):
        length = short * LONGEST ** (1 - t / max_iterations)
        mean = BETA * mean + (1 - BETA) * gradient
        mean_square = GAMMA * mean_square + (1 - GAMMA) * gradient**2
        root = np.sqrt(mean_square / (1 - GAMMA**t)) + EPSILON
        parameters = course.parameters - length * mean / (1 - BETA**t) / root
        value, gradient = cost(parameters)
        course.go(parameters, value)
    return course


OPTIMIZERS = {"lbfgs": lbfgs, "adam": adam}
