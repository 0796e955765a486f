"""The cost of a free-form deformation: its displacement is the transform's, its gradient the cost's."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from warpkit.registration._fields import FieldComparison
from warpkit.registration._free_form import FreeFormCost, refined_over
from warpkit.registration._least_squares import METRICS, LeastSquares
from warpkit.registration._matrix_groups import scaling
from warpkit.registration._pyramid import Level
from warpkit.transforms import FreeFormDeformation


def problem(ndim, metric, steps=None, stiffness=0.01, channels=1):
    """Images on a level whose pixels are `steps` times as large, a slant affine map, some coefficients."""
    rng = np.random.default_rng(0)
    shape = (13, 15, 12)[:ndim]
    steps = [2.0, 1.0, 2.0][:ndim] if steps is None else steps
    to_space = scaling([0.5] * ndim, [3.0] * ndim)  # of the image at full size
    images = gaussian_filter(rng.standard_normal((2, channels, *shape)), (0, 0, *[1.5] * ndim))
    fixed, moving = (Level(x / x.std(), None, to_space @ scaling(steps)) for x in images)
    matrix = np.eye(ndim + 1) + 0.02 * rng.standard_normal((ndim + 1, ndim + 1))
    matrix[-1] = np.eye(ndim + 1)[-1]
    both = FieldComparison(LeastSquares(fixed, moving, metric, 0.5), matrix)
    full = tuple(int(n * s) for n, s in zip(shape, steps[::-1], strict=True))
    lattice = FreeFormDeformation.identity(full, 9.0, frame="pixel")
    coefficients = 2 * rng.standard_normal(lattice.coefficients.shape[1:])
    weights = rng.uniform(0.2, 1, shape) * (rng.random(shape) < 0.9)
    return FreeFormCost(both, lattice, to_space, stiffness), weights, coefficients


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_displacement_is_the_transforms(ndim):
    cost, _, coefficients = problem(ndim, "ssd", [2.0, 4.0, 1.0][:ndim])
    shape, steps = cost.both.images.fixed.shape, np.array([2.0, 4.0, 1.0][:ndim])
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij")[::-1], axis=-1) * steps
    transform = replace(cost.lattice, coefficients=coefficients[None])
    expected = (transform(places.reshape(-1, ndim)) - places.reshape(-1, ndim)) / steps
    found = np.moveaxis(cost.displacement(coefficients), 0, -1)
    np.testing.assert_allclose(found.reshape(1, -1, ndim), expected, atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("ndim", "channels"), [(2, 1), (2, 2), (3, 1)])
def test_gradient_by_every_coefficient(metric, ndim, channels):
    """Metric and bending together, against central differences, for fixed weights."""
    cost, weights, start = problem(ndim, metric, channels=channels)
    at = partial(cost, weights)
    _, gradient = at(start)
    rng, step = np.random.default_rng(1), 1e-6
    every = list(np.ndindex(start.shape))
    for place in every if ndim == 2 else rng.permutation(every)[:40]:
        moved = np.zeros_like(start)
        moved[tuple(place)] = step
        difference = (at(start + moved)[0] - at(start - moved)[0]) / (2 * step)
        assert abs(gradient[tuple(place)] - difference) <= 1e-6 * abs(gradient).max()


def test_affine_deformations_are_not_bent():
    cost, weights, _ = problem(2, "ssd")
    count = cost.lattice.coefficients.shape[1:-1]
    places = np.stack(np.meshgrid(*map(np.arange, count), indexing="ij")[::-1], axis=-1)
    linear = places @ np.array([[0.3, -0.1], [0.2, 0.1]]) + [1.0, -2.0]
    free = replace(cost, stiffness=0.0)
    for one, other in zip(cost(weights, linear), free(weights, linear), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_bending_knows_no_unit():
    """The same deformation in pixels a third as large costs the same."""
    cost, weights, coefficients = problem(2, "ssd")
    lattice, to_space = cost.lattice, cost.to_space @ scaling([1 / 3, 1 / 3])
    spacing, origin = (tuple(3 * x for x in y) for y in (lattice.spacing, lattice.origin))
    finer = FreeFormDeformation(3 * lattice.coefficients, spacing, origin, frame="pixel")
    other = replace(cost, lattice=finer, to_space=to_space)
    np.testing.assert_allclose(
        other(weights, 3 * coefficients)[0], cost(weights, coefficients)[0], rtol=1e-10
    )


@pytest.mark.parametrize("shape", [(40, 31), (17, 50), (12, 9, 21)])
def test_a_finer_lattice_has_the_same_map(shape):
    rng, ndim = np.random.default_rng(2), len(shape)
    coarse = FreeFormDeformation.identity(shape, 12.5, frame="pixel")
    coarse = replace(coarse, coefficients=rng.standard_normal(coarse.coefficients.shape))
    fine = refined_over(shape, coarse)
    still = FreeFormDeformation.identity(shape, 6.25, frame="pixel")
    assert fine.coefficients.shape == still.coefficients.shape
    assert (fine.spacing, fine.origin) == (still.spacing, still.origin)
    points = rng.uniform(0, np.array(shape[::-1]) - 1, (50, ndim))
    np.testing.assert_allclose(fine(points), coarse(points), atol=1e-12)


def test_images_that_do_not_vary_have_no_cost():
    cost, weights, start = problem(2, "ncc")
    images = cost.both.images
    flat = replace(images, moving=replace(images.moving, image=0 * images.moving.image + 1))
    value, gradient = replace(cost, both=replace(cost.both, images=flat))(weights, start)
    assert value == np.inf
    assert (gradient == 0).all()
