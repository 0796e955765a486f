"""From an affine map to a field after it: down the pyramid, until steps are short."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from warpkit._core import Array, namespace

from ._correlation import sum_of_products
from ._fields import (
    FieldComparison,
    smoothed,
    squared_lengths,
    to_displacement,
    to_level,
    without_folds,
)
from ._held_out import judged
from ._information_fields import InformationFieldComparison
from ._levenberg_marquardt import LEAST_OVERLAP, Iteration
from ._mutual_information import INFORMATION, MutualInformation
from ._refine import Answer, Pair, comparison

FLUID = 1.0  # pixels: the standard deviation of the Gaussian that smooths steps
SETTLED = 2.0  # tolerances: the root mean square of a last step is no more, and the cost
LEAST_GAIN = 0.05  # has fallen by no larger share in the last
PATIENCE = 3  # steps


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


def refine_field(pair: Pair, matrix: np.ndarray, options: FieldOptions) -> tuple[Array, Answer, bool]:
    """Find the field after the affine map `matrix` (in space), on one level after the other.

    It is of the finest level's pixels, (ndim, *spatial). The matrix of the answer is the affine map's, and
    its agreement that of parts which had no say in a field found without them. Last comes whether the field
    is worse than none.
    """

    def find_displacement(some: Pair) -> Array:
        return to_displacement(_find_field(some, matrix, options)[0], options.kind)

    field, history, settled = _find_field(pair, matrix, options)
    displacement = to_displacement(field, options.kind)
    return field, *judged(pair, matrix, displacement, find_displacement, history, settled=settled)


def _find_field(pair: Pair, matrix: np.ndarray, options: FieldOptions) -> tuple[Array, list[Iteration], bool]:
    """The field, its steps, and whether the last one was short."""
    last = min(len(pair.fixed), len(pair.moving)) - 1
    coarsest = pair.fixed[last]
    field = namespace(coarsest.image).zeros((pair.group.ndim, *coarsest.shape), "float32")
    history, settled = list[Iteration](), True
    for level in range(last, -1, -1):
        if level < last:
            field = to_level(field, pair.fixed[level + 1], pair.fixed[level])
        images = comparison(pair, level, matrix)
        both = FieldComparison(images, matrix)
        if isinstance(images, MutualInformation):
            both = InformationFieldComparison(images, matrix)
        field, steps, settled = _descend(both, field, options, level, pair)
        if options.kind == "diffeomorphic":
            field = without_folds(field)
        history += steps
    return field, history, settled


def _descend(
    both: FieldComparison, field: Array, options: FieldOptions, level: int, pair: Pair
) -> tuple[Array, list[Iteration], bool]:
    """Steps on one level; whether the last was short and brought hardly anything."""
    history, still = list[Iteration](), False
    while len(history) < pair.max_iterations and not still:
        view = both.view(to_displacement(field, options.kind))
        overlap = both.images.overlap(view)
        if overlap < LEAST_OVERLAP:
            return field, history, False
        cost = both.images.cost(view, view.weights)
        step = both.step(view)
        if options.kind == "diffeomorphic":
            backward = both.backward(view)
            back = backward.view(to_displacement(-field, options.kind))
            step = (step - backward.step(back)) / 2
        last, field = field, smoothed(field + smoothed(step, FLUID), options.smoothness)
        length = (sum_of_products(view.weights, squared_lengths(field - last)) / view.count) ** 0.5
        history.append(Iteration(level, cost, 2**level * length, overlap))
        flat = len(history) > PATIENCE and _gain(pair, history[-1 - PATIENCE].cost, cost) <= LEAST_GAIN
        still = length <= SETTLED * pair.tolerance and flat
    return field, history, still


def _gain(pair: Pair, before: float, now: float) -> float:
    """Which share of the cost is gone; of "mi", that of one less a squared correlation.

    It is exp(-2 I) where the two are jointly normal (E. H. Linfoot, Information and Control 1 (1), 1957).
    """
    if pair.metric == INFORMATION:
        return 1 - math.exp(2 * (now - before))
    return 1 - now / before if before > 0 else 0.0
