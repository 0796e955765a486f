"""Adam."""

from __future__ import annotations

import math

from warpkit._core import Array, namespace, wrong_value

from ._module import Module
from ._optimizer import AbstractOptimizer, LearningRate


class Adam(AbstractOptimizer):
    r"""Gradient descent with steps scaled by running means of the gradient and of its square.

    With the gradient :math:`g`, learning rate :math:`\eta` and a module's factor :math:`\lambda`, in a
    parameter's step number :math:`t`,

    .. math::

        m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad
        v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \qquad
        p \leftarrow p - \eta \lambda \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}.

    Parameters
    ----------
    network : Module
        Whose parameters are changed.
    learning_rate : float or callable
        A number, or a function of the number of steps done, such as :class:`StepDecay`.
    betas : tuple of two floats
        How slowly the two means forget; each from 0 to less than 1.
    epsilon : float
        Keeps the quotient finite.
    weight_decay : float
        How fast weights go to zero by themselves, in units of the learning rate: at each step
        :math:`p \leftarrow (1 - \eta \lambda w) p` as well. Biases do not decay,
        and what a :class:`SpatialTransformer` learns does not by default.

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.

    I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2 ("AdamW").
    """

    def __init__(
        self,
        network: Module,
        learning_rate: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(network, learning_rate, weight_decay)
        if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise wrong_value("betas", "two numbers from 0 to less than 1", betas)
        if not epsilon > 0:
            raise wrong_value("epsilon", "a number above 0", epsilon)
        self.betas = float(betas[0]), float(betas[1])
        self.epsilon = float(epsilon)

    def update(self, name: str, ct: Array) -> Array:
        """Return the corrected mean over the root of the corrected mean square."""
        xp, (beta, gamma) = namespace(ct), self.betas
        slots = self.slots.setdefault(name, {})
        if not slots:
            slots |= {"steps": xp.asarray(0), "mean": xp.zeros_like(ct), "mean_square": xp.zeros_like(ct)}
        slots["steps"] = slots["steps"] + 1
        t = int(slots["steps"])
        mean, mean_square = slots["mean"], slots["mean_square"]  # made here: changed in place
        mean *= beta
        mean += (1 - beta) * ct
        scaled = (1 - gamma) * ct
        scaled *= ct
        mean_square *= gamma
        mean_square += scaled
        root = xp.sqrt(mean_square)
        root /= math.sqrt(1 - gamma**t)
        root += self.epsilon
        direction = mean / (1 - beta**t)
        direction /= root
        return direction
