r"""What a method learns of second derivatives on its way: the gradients at both ends of its steps.

A step s over which the gradient changes by y says of the matrix that :math:`H s = y`. So the model's own
matrix is brought to agree with the last steps, the oldest first, by

.. math:: H \leftarrow H - \frac{H s s^T H}{s^T H s} + \frac{y y^T}{s^T y},

which keeps it positive definite where :math:`s^T y > 0`; other steps are passed over. This is the method
L-BFGS, but that the matrix it begins with is no multiple of the identity, and that steps are damped instead
of searched along a line: a step costs one more look at the images, and how far it goes is known beforehand.

D. C. Liu, J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
Programming 45, 1989; J. Nocedal, S. J. Wright, "Numerical Optimization", 2006, equation (6.19).
"""

from __future__ import annotations

import numpy as np

LEAST_CURVATURE = 0.01  # of the model's own: less, or a negative one, is not believed

Secant = tuple[np.ndarray, np.ndarray]
"""The parameters of a step, and by how much the gradient changed."""


def with_secants(hessian: np.ndarray, secants: list[Secant]) -> np.ndarray:
    """The matrix that agrees with the steps, with the last one exactly."""
    for step, change in secants:
        along, product = hessian @ step, float(step @ change)
        curvature = float(step @ along)
        if curvature > 0 and product > LEAST_CURVATURE * curvature:
            hessian = hessian - np.outer(along, along) / curvature + np.outer(change, change) / product
    return hessian
