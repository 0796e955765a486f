"""From an affine map to a field after it: down the pyramid, until steps bring hardly anything."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from warpkit._core import Array, namespace

from ._agreement import find_agreement
from ._fields import FieldComparison, smoothed, to_displacement, to_level
from ._levenberg_marquardt import LEAST_OVERLAP, Iteration
from ._refine import Answer, Pair, comparison

FLUID = 1.0  # pixels: the standard deviation of the Gaussian that smooths steps
LEAST_GAIN = 0.005  # of the cost, for each of the last PATIENCE steps: less is not worth another step
PATIENCE = 3


@dataclass(frozen=True, eq=False)
class FieldOptions:
    """What there is to choose about fields.

    Attributes
    ----------
    kind : {"displacement", "diffeomorphic"}
    smoothness : float
        Pixels of each level: the standard deviation of the Gaussian that smooths the field after each step.
    """

    kind: str
    smoothness: float


def refine_field(pair: Pair, matrix: np.ndarray, options: FieldOptions) -> tuple[Array, Answer]:
    """Find the field after the affine map `matrix` (in space), on one level after the other.

    It is of the finest level's pixels, (ndim, *spatial). The matrix of the answer is the affine map's.
    """
    last = min(len(pair.fixed), len(pair.moving)) - 1
    coarsest = pair.fixed[last]
    field = namespace(coarsest.image).zeros((pair.group.ndim, *coarsest.shape), "float32")
    history, settled = list[Iteration](), True
    for level in range(last, -1, -1):
        if level < last:
            field = to_level(field, pair.fixed[level + 1], pair.fixed[level])
        both = FieldComparison(comparison(pair, level, matrix), matrix)
        field, steps, settled = _descend(both, field, options, level, pair.max_iterations)
        history += steps
    answer = look_at_field(pair, matrix, to_displacement(field, options.kind))
    return field, replace(answer, settled=settled, history=history)


def look_at_field(pair: Pair, matrix: np.ndarray, displacement: Array) -> Answer:
    """What a displacement before the affine map makes of the finest level."""
    both = FieldComparison(comparison(pair, 0, matrix), matrix)
    view, images = both.view(displacement), both.images
    agreement = find_agreement(images.fixed.image, view.warped, view.weights)
    cost = images.cost(view, view.weights)
    return Answer(matrix, view, cost, images.overlap(view), True, agreement, [])


def _descend(
    both: FieldComparison, field: Array, options: FieldOptions, level: int, max_iterations: int
) -> tuple[Array, list[Iteration], bool]:
    """Steps on one level; whether they brought hardly anything in the end."""
    history = list[Iteration]()
    displacement = to_displacement(field, options.kind)
    view = both.view(displacement)
    costs = [both.images.cost(view, view.weights)]
    while len(history) < max_iterations and np.isfinite(costs[-1]):
        step = smoothed(both.step(view), FLUID)
        trial = smoothed(field + step, options.smoothness)
        before, displacement = displacement, to_displacement(trial, options.kind)
        view = both.view(displacement)
        overlap = both.images.overlap(view)
        if overlap < LEAST_OVERLAP:
            return field, history, False
        field = trial
        costs.append(both.images.cost(view, view.weights))
        moved = displacement - before
        farthest = float((moved * moved).sum(axis=0).max()) ** 0.5
        history.append(Iteration(level, costs[-1], 2**level * farthest, overlap))
        if len(costs) > PATIENCE and costs[-1] > (1 - PATIENCE * LEAST_GAIN) * costs[-1 - PATIENCE]:
            return field, history, True
    return field, history, False
