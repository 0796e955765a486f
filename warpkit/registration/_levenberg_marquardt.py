r"""Levenberg and Marquardt's method, for linear maps and for thin-plate splines, on one level.

Each step solves :math:`(H + \lambda \operatorname{diag} H)\,t = -\nabla` for the parameters t, and the map is
multiplied by the group's :math:`\exp(\sum_k t_k B_k)`; a spline's theta is moved. A step that lowers the cost
is taken, and the next one damped less; one that does not is damped more. Nobody sets a learning rate.
Where a metric's matrix is a rough one, the last steps mend it (`_secants`).

K. Levenberg, Quarterly of Applied Mathematics 2, 1944; D. W. Marquardt, Journal of the Society for Industrial
and Applied Mathematics 11 (2), 1963.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from ._least_squares import Comparison, View
from ._matrix_groups import MatrixGroup, map_points
from ._secants import Secant, with_secants

FIRST_DAMPING = 1e-3
DAMPING_FACTOR = 10.0
LEAST_DAMPING, GREATEST_DAMPING = 1e-7, 1e7
LEAST_GAIN = 1e-3  # of the cost: where nothing lowers it, a model that promises no more is right
PATIENCE = 3
LEAST_OVERLAP = 0.05  # of the fixed image: less is no evidence of anything
SETTLED = (
    10.0  # tolerances: if nothing lowers the cost, an undamped step at most so long says that it is least
)


@dataclass(frozen=True)
class Iteration:
    """One step of a registration.

    Attributes
    ----------
    level : int
        0 is the image at full size, 1 at half, and so on.
    cost : float
        After the step; of fields before it.
    displacement : float
        How far the step moves points of the fixed image that are inside the moving one, at most, in pixels of
        the moving image at full size. Of fields: the root mean square.
    overlap : float
        Which share of the fixed image, by weight, has a counterpart.
    """

    level: int
    cost: float
    displacement: float
    overlap: float


@dataclass(frozen=True, eq=False)
class Refinement:
    """Where the method came to.

    Attributes
    ----------
    matrix : ndarray
        The map: of homogeneous coordinates, or a spline's theta (k, ndim).
    settled : bool
        Whether the last steps were short.
    history : list of Iteration
    """

    matrix: np.ndarray
    settled: bool
    history: list[Iteration]


AnyView = TypeVar("AnyView", bound=View)


class Costs(Protocol[AnyView]):
    """What the method asks of images that are compared under a map, such as `LeastSquares`."""

    @property
    def memory(self) -> int:
        """How many of the last steps mend the model's matrix."""

    def view(self, matrix: np.ndarray, /) -> AnyView:
        """The moving image under the map."""

    def model(self, view: AnyView, directions: np.ndarray, /) -> Comparison:
        """Cost and quadratic model; the map's derivatives by the parameters are `directions` (p, ...)."""

    def overlap(self, view: AnyView, /) -> float:
        """Which share of the fixed image has a counterpart."""

    def improves(self, one: AnyView, other: AnyView, /) -> bool:
        """Whether the other view is better."""


class Moves(Protocol):
    """What the method asks of the maps to choose from, such as `Steps`."""

    def directions(self, matrix: np.ndarray, /) -> np.ndarray:
        """Derivatives of the map by the parameters of a step (p, ...)."""

    def step(self, matrix: np.ndarray, parameters: np.ndarray, /) -> np.ndarray:
        """The map after a step."""

    def displacement(self, one: np.ndarray, other: np.ndarray, /) -> float:
        """How far apart the two maps are, in pixels of the moving image at full size."""


@dataclass(frozen=True, eq=False)
class Steps:
    """How a map steps, and how far.

    Attributes
    ----------
    group : MatrixGroup
        What it is a member of.
    unit : ndarray (ndim + 1, ndim + 1)
        From the coordinates of the group's generators to space.
    points : ndarray (m, ndim)
        All over the fixed image, in space.
    to_pixels : ndarray (ndim + 1, ndim + 1)
        From space to pixels of the moving image.
    shape : tuple of int
        The moving image's.
    """

    group: MatrixGroup
    unit: np.ndarray
    points: np.ndarray
    to_pixels: np.ndarray
    shape: tuple[int, ...]

    def directions(self, matrix: np.ndarray) -> np.ndarray:
        """Derivatives of the map by the parameters of a step (k, ndim + 1, ndim + 1)."""
        return matrix @ self.unit @ self.group.generators @ np.linalg.inv(self.unit)

    def step(self, matrix: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """The map after a step."""
        moved = matrix @ self.unit @ self.group.exponential(parameters) @ np.linalg.inv(self.unit)
        return moved / moved[-1, -1]

    def displacement(self, one: np.ndarray, other: np.ndarray) -> float:
        """The farthest that a point moves which `one` maps into the moving image; of all, if it maps none.

        NaN where a map takes such a point to infinity.
        """
        places, moved = (map_points(self.to_pixels @ matrix, self.points) for matrix in (one, other))
        last = np.array(self.shape[::-1]) - 1
        inside = ((places >= 0) & (places <= last)).all(axis=1)
        distances = np.linalg.norm(moved - places, axis=1)
        return float(distances[inside].max() if inside.any() else distances.max())


def levenberg_marquardt(
    images: Costs[AnyView],
    steps: Moves,
    start: np.ndarray,
    *,
    level: int,
    tolerance: float,
    max_iterations: int,
    worth: float | None = None,
) -> Refinement:
    """Make the cost least, from `start` on, until a step moves no point by more than `tolerance` pixels.

    Or until the last PATIENCE steps brought less than `worth` of the cost each, where that is given: some of
    very many parameters are not determined well, and go on and on.
    """
    matrix, view = start, images.view(start)
    here = images.model(view, steps.directions(start))
    damping, history, secants = FIRST_DAMPING, list[Iteration](), list[Secant]()
    while len(history) < max_iterations and np.isfinite(here.cost):
        if not here.hessian.any():  # no step is better than any other
            return Refinement(matrix, False, history)
        short = None  # whether the first trial of this iteration is
        while True:
            parameters = _solve(here, damping)
            trial = steps.step(matrix, parameters)
            distance = steps.displacement(matrix, trial)
            if short is None:
                short = distance <= SETTLED * tolerance or _gain(here, parameters) <= LEAST_GAIN * abs(
                    here.cost
                )
            if np.isfinite(distance):
                there = images.view(trial)
                if images.overlap(there) >= LEAST_OVERLAP and images.improves(view, there):
                    break
            damping *= DAMPING_FACTOR
            if damping > GREATEST_DAMPING or distance < 0.01 * tolerance:
                return Refinement(matrix, short, history)
        ahead = images.model(there, steps.directions(trial))
        secants = [*secants, (parameters, ahead.gradient - here.gradient)][len(secants) + 1 - images.memory :]
        matrix, view, here = trial, there, replace(ahead, hessian=with_secants(ahead.hessian, secants))
        damping = max(damping / DAMPING_FACTOR, LEAST_DAMPING)
        history.append(Iteration(level, here.cost, distance, images.overlap(view)))
        if distance < tolerance:
            return Refinement(matrix, True, history)
        if worth is not None and len(history) > PATIENCE:
            before = history[-1 - PATIENCE].cost
            if before - here.cost <= PATIENCE * worth * abs(before):
                return Refinement(matrix, True, history)
    short = bool(history) and history[-1].displacement <= SETTLED * tolerance
    return Refinement(matrix, short, history)


def _gain(here: Comparison, parameters: np.ndarray) -> float:
    """By how much the model says that a step lowers the cost."""
    return float(-(here.gradient + here.hessian @ parameters / 2) @ parameters)


def _solve(here: Comparison, damping: float) -> np.ndarray:
    """The damped step; what the images do not determine stays as it is."""
    diagonal = np.diag(here.hessian)
    # A parameter without influence is damped by the others' influence: the matrix stays regular.
    damped = here.hessian + np.diag(damping * np.maximum(diagonal, 1e-9 * diagonal.max()))
    parameters = -np.linalg.lstsq(damped, here.gradient, rcond=1e-14)[0]
    # A parameter of 1 moves points by the fixed image's radius: no model holds farther.
    return parameters / max(1.0, float(abs(parameters).max()))
