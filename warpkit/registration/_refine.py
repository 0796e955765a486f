"""From a start to an answer: down the pyramid, and a look at what came out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from warpkit.transforms import AbstractMatrix

from ._agreement import Agreement, find_agreement
from ._least_squares import TUNING, LeastSquares, View
from ._levenberg_marquardt import Iteration, Steps, levenberg_marquardt
from ._matrix_groups import MatrixGroup, scaling
from ._mutual_information import INFORMATION, MutualInformation
from ._pyramid import Level

POINTS = 9  # along each axis of the fixed image: by these is told how far a step goes
SCOUT = {2: 400, 3: 64}  # pixels, by the number of dimensions: starts are tried on images no longer
COARSE_TOLERANCE = 0.05  # pixels of the level: coarser levels only have to lead to finer ones


@dataclass(frozen=True, eq=False)
class Pair:
    """Two images to be aligned, and how.

    Attributes
    ----------
    fixed, moving : list of Level
        Pyramids, finest first.
    group : MatrixGroup
        Of the maps to choose from.
    metric : str
    tolerance : float
        Pixels of the moving image.
    max_iterations : int
        On each level.
    """

    fixed: list[Level]
    moving: list[Level]
    group: MatrixGroup
    metric: str
    tolerance: float
    max_iterations: int

    def steps(self) -> Steps:
        """Relative to the middle of the fixed image, in units of its radius."""
        fixed, moving = self.fixed[0], self.moving[0]
        axes = [np.linspace(0, n - 1, POINTS) for n in fixed.shape[::-1]]
        points = np.array(list(itertools.product(*axes)))
        in_space = points @ fixed.to_space[:-1, :-1].T + fixed.to_space[:-1, -1]
        middle = in_space.mean(axis=0)
        radius = max(float(np.linalg.norm(in_space - middle, axis=1).max()), 1e-9)
        unit = scaling([radius] * self.group.ndim, list(middle))
        return Steps(self.group, unit, in_space, np.linalg.inv(moving.to_space), moving.shape)

    def images(self, level: int) -> LeastSquares:
        """The comparison of the two images on a level."""
        fixed, moving = self.fixed[level], self.moving[level]
        if self.metric == INFORMATION:
            return MutualInformation(fixed, moving)
        return LeastSquares(fixed, moving, self.metric)

    def in_pixels(self, matrix: np.ndarray) -> AbstractMatrix:
        """The map `matrix` of space as one from pixels of the fixed image to pixels of the moving one."""
        return self.images(0).transform(matrix)

    def from_level(self, finest: int) -> Pair:
        """The same images, where what was a level of the pyramid, or the last one, is the finest."""
        first = min(finest, len(self.fixed) - 1, len(self.moving) - 1)
        return replace(self, fixed=self.fixed[first:], moving=self.moving[first:])

    @property
    def scout_level(self) -> int:
        """The finest level that is small enough to try starts on."""
        count = min(len(self.fixed), len(self.moving))
        longest = [max(*self.fixed[i].shape, *self.moving[i].shape) for i in range(count)]
        small = [length <= SCOUT[self.group.ndim] for length in longest]
        return small.index(True) if True in small else count - 1


@dataclass(frozen=True, eq=False)
class Answer:
    """A map, what it shows on the last level, what it costs, and whether the images agree under it."""

    matrix: np.ndarray
    view: View
    cost: float
    overlap: float
    settled: bool
    agreement: Agreement
    history: list[Iteration]


def refine(pair: Pair, start: np.ndarray, levels: Iterable[int]) -> Answer:
    """Make the cost least on one level after the other, and check the answer on the last."""
    steps = pair.steps()
    matrix, history, settled, last = start, list[Iteration](), True, 0
    for level in levels:
        images = comparison(pair, level, matrix).sampled()
        tolerance = pair.tolerance if level == 0 else max(pair.tolerance, COARSE_TOLERANCE * 2**level)
        found = levenberg_marquardt(
            images, steps, matrix, level=level, tolerance=tolerance, max_iterations=pair.max_iterations
        )
        matrix, history, settled, last = found.matrix, history + found.history, found.settled, level
    return replace(look(pair, matrix, last), settled=settled, history=history)


def look(pair: Pair, matrix: np.ndarray, level: int) -> Answer:
    """The answer `matrix`, as it is, on one level."""
    images = comparison(pair, level, matrix)
    view = images.view(matrix)
    agreement = find_agreement(images.fixed.image, images.in_fixed_contrast(view), view.weights)
    cost = images.cost(view, view.weights)
    return Answer(matrix, view, cost, images.overlap(view), True, agreement, [])


def comparison(pair: Pair, level: int, matrix: np.ndarray) -> LeastSquares:
    """Of the two images on a level; robust metrics take their scale from how they differ under `matrix`."""
    images = pair.images(level)
    return replace(images, scale=images.find_scale(matrix)) if pair.metric in TUNING else images
