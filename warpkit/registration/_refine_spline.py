"""From an affine map to a spline before it: down the pyramid, on each level until steps are short."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from warpkit._core import Array, namespace
from warpkit.grids import identity_grid
from warpkit.transforms import AbstractTransform, Affine, Composed, FreeFormDeformation, ThinPlateSpline

from ._fields import FieldComparison
from ._free_form import FreeFormCost, refined_over
from ._gradient_descent import OPTIMIZERS
from ._held_out import judged
from ._levenberg_marquardt import LEAST_OVERLAP, Iteration, levenberg_marquardt
from ._pyramid import Level
from ._refine import COARSE_TOLERANCE, Answer, Pair, comparison
from ._thin_plate import ThinPlate, ThinPlateComparison, bending_form, lattice_over

SPLINES = ("tps", "bspline")
DESCENTS = 2  # on each level: where images meet changes a little with the map, and is held fixed during each
WORTH = 0.002  # of the cost: a step of a thin-plate spline that brings less is not worth another one
POINTS = 16384  # that a spline is asked for at a time


@dataclass(frozen=True, eq=False)
class SplineOptions:
    """What there is to choose about splines.

    Attributes
    ----------
    kind : {"tps", "bspline"}
    control_points : int
        Along the longest axis of the fixed image.
    stiffness : float
        What bending costs.
    optimizer : {"lbfgs", "adam"}
        Of "bspline".
    """

    kind: str
    control_points: int
    stiffness: float
    optimizer: str


def refine_spline(
    pair: Pair, matrix: np.ndarray, options: SplineOptions
) -> tuple[FreeFormDeformation | ThinPlateSpline, Answer, bool]:
    """Find the spline before the affine map `matrix` (in space), on one level after the other.

    It is of pixels of the finest level of the fixed image. The matrix of the answer is the affine map's, and
    its agreement that of parts which had no say in a spline found without them. Last comes whether the spline
    is worse than none.
    """

    def find_displacement(some: Pair) -> Array:
        return displacement_by(find_spline(some, matrix, options)[0], some.fixed[0])

    spline, history, settled = find_spline(pair, matrix, options)
    displacement = displacement_by(spline, pair.fixed[0])
    return spline, *judged(pair, matrix, displacement, find_displacement, history, settled=settled)


def find_spline(
    pair: Pair, matrix: np.ndarray, options: SplineOptions
) -> tuple[FreeFormDeformation | ThinPlateSpline, list[Iteration], bool]:
    """The spline, its steps, and whether the last ones were short or brought hardly anything."""
    find = _find_thin_plate if options.kind == "tps" else _find_free_form
    return find(pair, matrix, options)


def displacement_by(spline: AbstractTransform, level: Level) -> Array:
    """The displacement (ndim, *spatial) of a level's pixels by a spline, both in these pixels."""
    xp, ndim = namespace(level.image), spline.ndim
    still = xp.asarray(identity_grid(level.shape, "pixel")).reshape(-1, ndim)
    parts = [still[i : i + POINTS] for i in range(0, len(still), POINTS)]
    moved = xp.concatenate([(spline(part)[0] - part).astype("float32") for part in parts])
    return xp.ascontiguousarray(moved.T).reshape(ndim, *level.shape)


def whole_map(
    spline: FreeFormDeformation | ThinPlateSpline, affine: AbstractTransform, coarse: Level, full: Level
) -> AbstractTransform:
    """The affine map after a spline, in pixels at full size; the spline is in those of a level."""
    change = np.linalg.solve(full.to_space, coarse.to_space)
    lengths, shift = np.diag(change)[:-1], change[:-1, -1]
    if isinstance(spline, FreeFormDeformation):
        spacing, origin = np.array(spline.spacing) * lengths, np.array(spline.origin) * lengths + shift
        places = tuple(spacing.tolist()), tuple(origin.tolist())
        return Composed((affine, FreeFormDeformation(spline.coefficients * lengths, *places, frame="pixel")))
    ahead, back = (Affine(x[None, :-1], frame="pixel") for x in (change, np.linalg.inv(change)))
    if not np.allclose(lengths, lengths[0]):
        return affine @ ahead @ spline @ back
    # A spline keeps its bends under a similarity, and under an affine map after it: it is one of its class.
    return ThinPlateSpline((affine @ ahead)(spline.theta), ahead(spline.control_points)[0], frame="pixel")


def _tolerance(pair: Pair, level: int) -> float:
    """What is short, in pixels at full size."""
    return pair.tolerance if level == 0 else max(pair.tolerance, COARSE_TOLERANCE * 2**level)


def _find_thin_plate(
    pair: Pair, matrix: np.ndarray, options: SplineOptions
) -> tuple[ThinPlateSpline, list[Iteration], bool]:
    """By Levenberg and Marquardt's method."""
    fixed, moving = pair.fixed[0], pair.moving[0]
    points, spacing = lattice_over(fixed.shape, options.control_points)
    splines = ThinPlate(
        points, spacing, np.linalg.solve(moving.to_space, matrix @ fixed.to_space), moving.shape
    )
    bending = bending_form(points, spacing, fixed.shape, options.stiffness)
    theta, history, settled = points, list[Iteration](), True
    for level in range(min(len(pair.fixed), len(pair.moving)) - 1, -1, -1):
        images = comparison(pair, level, matrix)
        found = levenberg_marquardt(
            ThinPlateComparison(images, matrix, fixed.to_space, points, bending),
            splines,
            theta,
            level=level,
            tolerance=_tolerance(pair, level),
            max_iterations=pair.max_iterations,
            worth=WORTH,
        )
        theta, history, settled = found.matrix, history + found.history, found.settled
    return ThinPlateSpline(theta[None], points, frame="pixel"), history, settled


def _find_free_form(
    pair: Pair, matrix: np.ndarray, options: SplineOptions
) -> tuple[FreeFormDeformation, list[Iteration], bool]:
    """By the gradient of all coefficients."""
    fixed, last = pair.fixed[0], min(len(pair.fixed), len(pair.moving)) - 1
    spacing = max((max(fixed.shape) - 1) / (options.control_points - 1), 1.0)
    lattice = FreeFormDeformation.identity(fixed.shape, spacing * 2**last, frame="pixel")
    history, settled = list[Iteration](), True
    for level in range(last, -1, -1):
        if level < last:
            lattice = refined_over(fixed.shape, lattice)
        both = FieldComparison(comparison(pair, level, matrix), matrix)
        for _ in range(DESCENTS):
            lattice, steps, settled = _descend(both, lattice, pair, options, level)
            history += steps
    return lattice, history, settled


def _descend(
    both: FieldComparison, lattice: FreeFormDeformation, pair: Pair, options: SplineOptions, level: int
) -> tuple[FreeFormDeformation, list[Iteration], bool]:
    """On one level, for the weights that its pixels have under the deformation it begins with."""
    cost = FreeFormCost(both, lattice, pair.fixed[0].to_space, options.stiffness)
    view = both.view(cost.displacement(lattice.coefficients[0]))
    overlap = both.images.overlap(view)
    if overlap < LEAST_OVERLAP:
        return lattice, [], False
    course = OPTIMIZERS[options.optimizer](
        partial(cost, view.weights),
        lattice.coefficients[0],
        short=_tolerance(pair, level),
        max_iterations=pair.max_iterations,
    )
    steps = zip(course.costs, course.distances, strict=True)
    history = [Iteration(level, *step, overlap) for step in steps]
    return replace(lattice, coefficients=course.parameters[None]), history, course.settled
