"""Known maps are found again, in every group, and within few steps."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from warpkit.registration._least_squares import METRICS, LeastSquares
from warpkit.registration._levenberg_marquardt import PATIENCE, Steps, levenberg_marquardt
from warpkit.registration._matrix_groups import GROUPS, matrix_group, scaling
from warpkit.registration._pyramid import Level
from warpkit.warping import warp


def problem(name, ndim, metric, shift=0.02):
    rng = np.random.default_rng(1)
    shape = (60, 70) if ndim == 2 else (26, 24, 28)
    group, middle = matrix_group(name, ndim), (np.array(shape[::-1]) - 1) / 2
    unit = scaling([shape[0] / 2] * ndim, middle)
    corners = np.array([np.zeros(ndim), 2 * middle])
    steps = Steps(group, unit, corners, np.eye(ndim + 1), shape)
    wanted = steps.step(np.eye(ndim + 1), shift * rng.standard_normal(len(group.generators)))
    moving = Level(
        gaussian_filter(rng.standard_normal((1, *shape)), (0, *[2.5] * ndim)), None, np.eye(ndim + 1)
    )
    least_squares = LeastSquares(moving, moving, metric)
    fixed = warp(moving.image, least_squares.transform(wanted), shape)
    # What lies beyond the moving image is not in the fixed one.
    weights = warp(np.ones(shape), least_squares.transform(wanted), shape) > 0.999
    scale = 0.1 * fixed.std()
    return LeastSquares(Level(fixed, weights, np.eye(ndim + 1)), moving, metric, scale), steps, wanted


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize(("ndim", "metric"), [(2, metric) for metric in METRICS] + [(3, "ncc")])
def test_a_known_map_is_found(name, ndim, metric):
    least_squares, steps, wanted = problem(name, ndim, metric)
    found = levenberg_marquardt(
        least_squares, steps, np.eye(ndim + 1), level=0, tolerance=1e-4, max_iterations=50
    )
    assert found.settled
    assert len(found.history) <= 15
    assert steps.displacement(found.matrix, wanted) < 0.01
    assert steps.displacement(np.eye(ndim + 1), wanted) > 0.2


def test_costs_fall_and_are_told():
    least_squares, steps, _ = problem("affine", 2, "ssd")
    found = levenberg_marquardt(least_squares, steps, np.eye(3), level=3, tolerance=1e-4, max_iterations=50)
    costs = [iteration.cost for iteration in found.history]
    assert (np.diff(costs) < 0).all()
    assert {iteration.level for iteration in found.history} == {3}


def test_it_stops_when_told_to():
    least_squares, steps, _ = problem("affine", 2, "ssd")
    found = levenberg_marquardt(least_squares, steps, np.eye(3), level=0, tolerance=1e-4, max_iterations=1)
    assert len(found.history) == 1
    assert not found.settled


def test_it_stops_where_steps_are_not_worth_it():
    """Noise leaves a cost, and the gradient of local correlation comes with an approximate matrix."""
    least_squares, steps, _ = problem("affine", 2, "lncc")
    fixed = least_squares.fixed
    noise = 0.2 * fixed.image.std() * np.random.default_rng(0).standard_normal(fixed.image.shape)
    least_squares = replace(least_squares, fixed=replace(fixed, image=fixed.image + noise))
    options = {"level": 0, "tolerance": 1e-9, "max_iterations": 50}
    to_the_end = levenberg_marquardt(least_squares, steps, np.eye(3), **options).history
    found = levenberg_marquardt(least_squares, steps, np.eye(3), **options, worth=0.01)
    assert found.settled
    assert PATIENCE < len(found.history) < len(to_the_end)
    costs = [step.cost for step in to_the_end]
    worth = (1 - 0.01 * PATIENCE) * np.array(costs[:-PATIENCE]) > costs[PATIENCE:]
    assert len(found.history) == PATIENCE + 1 + np.argmin(worth)


def test_an_image_and_itself_are_settled_at_once():
    least_squares, steps, _ = problem("affine", 2, "ncc", shift=0.0)
    found = levenberg_marquardt(least_squares, steps, np.eye(3), level=0, tolerance=1e-3, max_iterations=9)
    assert found.settled
    assert len(found.history) <= 1
    assert steps.displacement(found.matrix, np.eye(3)) < 1e-3


def test_no_overlap():
    least_squares, steps, _ = problem("affine", 2, "ncc")
    far = scaling([1, 1], [500.0, 0])
    found = levenberg_marquardt(least_squares, steps, far, level=0, tolerance=1e-3, max_iterations=9)
    assert not found.settled
    np.testing.assert_array_equal(found.matrix, far)


def test_what_images_do_not_determine_stays():
    """Stripes along x tell nothing of a shift along x."""
    _, steps, _ = problem("translation", 2, "ssd")
    stripes = np.broadcast_to(np.sin(np.arange(60) / 4)[:, None], (1, 60, 70))
    moved = np.broadcast_to(np.sin((np.arange(60) + 1) / 4)[:, None], (1, 60, 70))
    least_squares = LeastSquares(Level(moved, None, np.eye(3)), Level(stripes, None, np.eye(3)), "ssd")
    found = levenberg_marquardt(least_squares, steps, np.eye(3), level=0, tolerance=1e-4, max_iterations=50)
    assert found.settled
    np.testing.assert_allclose(found.matrix[:2, 2], [0, 1], atol=0.02)


def test_the_last_steps_mend_a_rough_matrix(monkeypatch):
    """Where gain differs from place to place the model is far off: there are fewer steps with them."""
    rng = np.random.default_rng(3)
    least_squares, steps, _ = problem("projective", 2, "ncc", shift=0.05)
    image, gain = least_squares.fixed.image, gaussian_filter(rng.standard_normal((60, 70)), 6)
    spoiled = image * np.exp(0.8 * gain / gain.std()) + 0.8 * image.std() * gain / gain.std()
    images = LeastSquares(Level(spoiled, None, np.eye(3)), least_squares.moving, "ncc")
    counts = {}
    for memory in (0, LeastSquares.memory):
        monkeypatch.setattr(LeastSquares, "memory", memory)
        found = levenberg_marquardt(images, steps, np.eye(3), level=0, tolerance=1e-3, max_iterations=200)
        assert found.settled
        counts[memory] = len(found.history)
    assert counts[LeastSquares.memory] < 0.7 * counts[0], counts
