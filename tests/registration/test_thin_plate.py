"""Thin-plate splines under Levenberg and Marquardt's method: bending, gradients, and known splines."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from warpkit.registration._least_squares import METRICS, LeastSquares
from warpkit.registration._levenberg_marquardt import levenberg_marquardt
from warpkit.registration._matrix_groups import map_points, scaling
from warpkit.registration._pyramid import Level
from warpkit.registration._thin_plate import ThinPlate, ThinPlateComparison, bending_form, lattice_over
from warpkit.transforms import ThinPlateSpline
from warpkit.warping import warp


@pytest.mark.parametrize(("shape", "count"), [((61, 41), 7), ((30, 200), 5), ((20, 9, 30), 4), ((1, 50), 3)])
def test_the_lattice_reaches_from_edge_to_edge(shape, count):
    points, spacing = lattice_over(shape, count)
    assert spacing == (max(shape) - 1) / (count - 1)
    for axis, length in enumerate(shape[::-1]):
        places = np.unique(points[:, axis])
        assert (places[0], places[-1]) == ((0, length - 1) if length > 1 else (-0.5, 0.5))
        if length == max(shape):
            assert len(places) == count
        if length > spacing:
            assert 0.5 * spacing <= np.diff(places)[0] <= 1.5 * spacing
    assert len(points) == np.prod([len(np.unique(p)) for p in points.T])


def problem(ndim, metric, stiffness=0.01, seed=0):
    """Two levels, the fixed image's pixels larger than at full size; weights that leave the edges out."""
    rng = np.random.default_rng(seed)
    shape = (20, 24) if ndim == 2 else (14, 12, 13)
    to_space = scaling([0.5] * ndim, [3.0] * ndim)
    images = gaussian_filter(rng.standard_normal((2, 1, *shape)), (0, 0, *[1.5] * ndim))
    inside = np.zeros(shape, np.float32)
    inside[(slice(4, -4),) * ndim] = rng.uniform(0.3, 1, inside[(slice(4, -4),) * ndim].shape)
    step = scaling([2.0] * ndim)
    fixed = Level(images[0] / images[0].std(), inside, to_space @ step)
    moving = Level(images[1] / images[1].std(), None, to_space @ step)
    matrix = np.eye(ndim + 1)
    matrix[:-1] += 0.01 * rng.standard_normal((ndim, ndim + 1))
    full = tuple(2 * n for n in shape)
    points, spacing = lattice_over(full, 3)
    splines = ThinPlate(points, spacing, np.linalg.solve(to_space, matrix @ to_space), full)
    bending = bending_form(points, spacing, full, stiffness)
    images = LeastSquares(fixed, moving, metric, 0.7)
    return ThinPlateComparison(images, matrix, to_space, points, bending), splines, rng


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("ndim", [2, 3])
def test_gradient_by_every_parameter(metric, ndim):
    """Metric and bending together, for fixed weights."""
    both, splines, rng = problem(ndim, metric)
    theta = both.control_points + rng.uniform(-1, 1, both.control_points.shape)
    view = both.view(theta)
    gradient = both.model(view, splines.directions(theta)).gradient
    step = 1e-6

    def cost(theta):
        there = both.view(theta)
        return both.images.cost(there, view.weights) + both.energy(there)

    assert both.model(view, splines.directions(theta)).cost == pytest.approx(cost(theta), rel=1e-12)
    for k in range(theta.size):
        parameters = np.zeros(theta.size)
        parameters[k] = step
        ahead, behind = (cost(splines.step(theta, s * parameters)) for s in (1, -1))
        assert abs(gradient[k] - (ahead - behind) / (2 * step)) <= 1e-5 * abs(gradient).max()


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_matrix_against_an_explicit_jacobian(ndim):
    both, splines, rng = problem(ndim, "ssd")
    theta = both.control_points + rng.uniform(-1, 1, both.control_points.shape)
    view, step = both.view(theta), 1e-6
    columns = []
    for k in range(theta.size):
        parameters = step * (np.arange(theta.size) == k)
        ahead, behind = (both.view(splines.step(theta, s * parameters)).warped for s in (1, -1))
        columns.append(((ahead - behind) / (2 * step)).ravel())
    jacobian, weights = np.stack(columns, axis=1), view.weights.ravel()
    expected = 2 * (jacobian.T * weights) @ jacobian / weights.sum(dtype="float64")
    expected += 2 * splines.spacing**2 * np.kron(both.bending, np.eye(ndim))
    found = both.model(view, splines.directions(theta)).hessian
    np.testing.assert_allclose(found, expected, atol=1e-6 * abs(expected).max())


def bending_in_a_box(spline, width, count):
    """The integral of squared second derivatives of a spline's first coordinate, by differences."""
    ndim, axis = spline.ndim, np.linspace(-width, width, count)
    places = np.stack(np.meshgrid(*[axis] * ndim), axis=-1).reshape(-1, ndim)
    parts = [spline(part)[0, :, 0] - part[:, 0] for part in np.array_split(places, 20)]
    step = axis[1] - axis[0]
    slopes = np.gradient(np.concatenate(parts).reshape((count,) * ndim), step)
    return step**ndim * sum((x**2).sum() for slope in slopes for x in np.gradient(slope, step))


@pytest.mark.parametrize(("ndim", "width", "counts"), [(2, 8.0, (201, 401)), (3, 3.0, (46, 91))])
def test_bending_is_the_integral_of_squared_second_derivatives(ndim, width, counts):
    """Over all of space, of which a box several times as large as the lattice holds nearly all."""
    rng = np.random.default_rng(0)
    points = np.stack(np.meshgrid(*[[-1.0, 1.0]] * ndim), axis=-1).reshape(-1, ndim)
    points = np.concatenate([points, np.zeros((1, ndim))])
    theta = points + rng.standard_normal(points.shape) * (np.arange(ndim) == 0)
    spline = ThinPlateSpline(theta[None], points, frame="pixel")
    form = bending_form(points, 1.0, (1,) * ndim, 1.0)
    found = np.einsum("ki,kl,li->", theta, form, theta)
    # Near a control point second derivatives are infinite, and differences miss a part of the integral that
    # is proportional to their step: half the step misses half of it. In 3D, more is beyond the box.
    coarse, fine = (bending_in_a_box(spline, width, count) for count in counts)
    assert coarse < fine < found
    np.testing.assert_allclose(2 * fine - coarse, found, rtol=0.03 if ndim == 2 else 0.12)


@pytest.mark.parametrize("ndim", [2, 3])
def test_affine_maps_are_not_bent_and_pixels_do_not_matter(ndim):
    rng = np.random.default_rng(1)
    shape, finer = (13, 10, 16)[:ndim], (130, 100, 160)[:ndim]
    points, spacing = lattice_over(shape, 4)
    form = bending_form(points, spacing, shape, 1.0)
    linear = points @ rng.standard_normal((ndim, ndim)) + rng.standard_normal(ndim)
    assert abs(form @ linear).max() <= 1e-10 * abs(form).max() * abs(linear).max()
    assert np.linalg.eigvalsh(form).min() >= -1e-10 * abs(form).max()
    ten_fold = bending_form(10 * points, 10 * spacing, finer, 1.0)
    np.testing.assert_allclose(100 * ten_fold, form, atol=1e-9 * abs(form).max())


@pytest.mark.parametrize("metric", METRICS)
def test_a_known_spline_is_found(metric):
    rng = np.random.default_rng(2)
    shape, unit = (70, 80), np.eye(3)
    moving = gaussian_filter(rng.standard_normal((1, 110, 120)), (0, 2.5, 2.5))
    moving /= moving.std()
    points, spacing = lattice_over(shape, 4)
    truth = points + 20 + rng.uniform(-2, 2, points.shape)
    fixed = warp(moving, ThinPlateSpline(truth[None], points, frame="pixel"), shape)
    images = LeastSquares(Level(fixed, None, unit), Level(moving, None, unit), metric, 0.3 * fixed.std())
    shift = scaling([1, 1], [20.0, 20.0])  # the affine map after the spline
    both = ThinPlateComparison(images, shift, unit, points, bending_form(points, spacing, shape, 0.0))
    splines = ThinPlate(points, spacing, shift, moving.shape[1:])
    found = levenberg_marquardt(both, splines, points, level=0, tolerance=0.01, max_iterations=50)
    assert found.settled
    assert splines.displacement(found.matrix, truth - 20) < 0.05
    assert splines.displacement(points, truth - 20) > 2


def test_distances_are_those_in_the_moving_image():
    """Of control points that are in it before."""
    splines = ThinPlate(np.zeros((2, 2)), 5.0, scaling([3.0, 1.0]), (10, 10))
    one = np.array([[1.0, 1.0], [5.0, 1.0]])  # the second is outside
    assert splines.displacement(one, one + np.array([[1.0, 0.0], [9.0, 9.0]])) == 3.0
    np.testing.assert_allclose(splines.displacement(one + 50, one + 50 + [0.0, 2.0]), 2.0)


def test_stiffness_holds_what_images_do_not_show():
    """Stripes along x tell nothing of shifts along x: with bending, nothing happens there."""
    both, splines, _ = problem(2, "ssd", stiffness=0.1)
    stripes = np.broadcast_to(np.sin(np.arange(20) / 2)[:, None], (1, 20, 24)).copy()
    moved = np.broadcast_to(np.sin((np.arange(20) + 0.3) / 2)[:, None], (1, 20, 24)).copy()
    images = replace(
        both.images,
        fixed=replace(both.images.fixed, image=moved),
        moving=replace(both.images.moving, image=stripes),
    )
    both = replace(both, images=images, matrix=np.eye(3))
    splines = replace(splines, affine=np.eye(3))
    theta = both.control_points
    found = levenberg_marquardt(both, splines, theta, level=0, tolerance=1e-3, max_iterations=30)
    np.testing.assert_allclose(found.matrix[:, 0], theta[:, 0], atol=1e-6)
    np.testing.assert_allclose(found.matrix[:, 1], theta[:, 1] + 0.6, atol=0.15)
    np.testing.assert_allclose(map_points(np.eye(3), theta), theta)
