"""Steps of fields, their kinds, and what they do from level to level."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import warpkit as wk
from warpkit.metrics import jacobian_determinant
from warpkit.registration._fields import (
    ALPHA,
    FIELDS,
    LEAST_DETERMINANT,
    SMALL_STEP,
    FieldComparison,
    smoothed,
    squarings_for,
    to_displacement,
    to_level,
    to_transform,
    without_folds,
)
from warpkit.registration._least_squares import METRICS, LeastSquares
from warpkit.registration._pyramid import make_pyramid


def textured(shape, seed=0, channels=1):
    image = gaussian_filter(
        np.random.default_rng(seed).standard_normal((channels, *shape)), (0, *[2] * len(shape))
    )
    return (image / image.std()).astype(np.float32)


def comparison(metric, shape=(40, 50), channels=1):
    still = np.eye(len(shape) + 1)
    moving = make_pyramid(textured(shape, channels=channels), None, still, levels=1)[0]
    shift = wk.Translation(np.full((1, len(shape)), 0.4), frame="pixel")
    fixed = make_pyramid(wk.warp(textured(shape, channels=channels), shift), None, still, levels=1)[0]
    return FieldComparison(LeastSquares(fixed, moving, metric, 0.5), still)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("shape", "channels"), [((40, 50), 1), ((40, 50), 3), ((18, 20, 22), 1)])
def test_a_short_way_along_the_steps_costs_less(metric, shape, channels):
    """As the gradient says: each pixel's step goes down from where it is."""
    both = comparison(metric, shape, channels)
    still = np.zeros((len(shape), *shape), np.float32)
    view = both.view(still)
    ahead = both.view(still + 0.1 * smoothed(both.step(view), 1.0))
    assert both.images.cost(ahead, view.weights) < both.images.cost(view, view.weights)


def test_steps_point_where_the_images_were_moved_to():
    both = comparison("ncc")
    mean = both.step(both.view(np.zeros((2, 40, 50), np.float32)))[:, 5:-5, 5:-5].mean(axis=(1, 2))
    assert (mean > 0.1).all()


@pytest.mark.parametrize("metric", METRICS)
def test_no_step_is_long(metric):
    both = comparison(metric)
    step = both.step(both.view(np.zeros((2, 40, 50), np.float32)))
    assert np.linalg.norm(step, axis=0).max() <= 0.5 / np.sqrt(ALPHA) * (1 + 1e-6)


def test_there_are_no_steps_where_nothing_counts():
    both = comparison("lncc")
    far = np.full((2, 40, 50), 100.0, np.float32)
    assert not both.step(both.view(far)).any()


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("shape", [(20, 24), (9, 11, 10)])
def test_a_field_is_its_transform(kind, shape):
    field = smoothed(
        3 * np.random.default_rng(1).standard_normal((len(shape), *shape)).astype(np.float32), 2.0
    )
    grid = to_transform(field, kind).grid(shape)[0] - wk.identity_grid(shape, "pixel")[0]
    np.testing.assert_allclose(np.moveaxis(to_displacement(field, kind), 0, -1), grid, atol=1e-5)


def test_a_flow_that_folds_is_mended_there_alone():
    shape = (60, 70)
    velocity = smoothed(4 * np.random.default_rng(4).standard_normal((2, *shape)).astype(np.float32), 4.0)
    velocity[:, 28:32, 34:37] += [[[15.0]], [[-15.0]]]

    def least(field):
        moved = np.moveaxis(to_displacement(field, "diffeomorphic"), 0, -1)[None]
        return float(jacobian_determinant(moved).min())

    mended = without_folds(velocity)
    assert least(velocity) < LEAST_DETERMINANT <= least(mended)
    np.testing.assert_array_equal(mended[:, :10], velocity[:, :10])
    np.testing.assert_array_equal(without_folds(mended), mended)


def test_the_first_step_of_a_flow_is_short():
    field = np.zeros((2, 5, 5), np.float32)
    assert squarings_for(field) == 0
    for speed in (0.3, 3.0, 30.0):
        field[:, 2, 2] = speed
        length = np.sqrt(2) * speed / 2 ** squarings_for(field)
        assert length <= SMALL_STEP < 2 * length or squarings_for(field) == 0


@pytest.mark.parametrize("shape", [(65, 130), (64, 129), (24, 50, 48)])
def test_levels_agree_on_where_a_field_leads(shape):
    """A field that is linear in space stays the same map, also where an axis was not halved."""
    levels = make_pyramid(textured(shape), None, np.eye(len(shape) + 1))
    assert len(levels) > 1
    coarse, fine = levels[1], levels[0]
    steps = np.diag(coarse.to_space)[:-1]
    slope = np.random.default_rng(2).uniform(-0.1, 0.1, (len(shape), len(shape)))

    def linear(level):
        places = wk.identity_grid(level.shape, "pixel")[0] * np.diag(level.to_space)[:-1]
        return np.moveaxis(places @ slope.T / np.diag(level.to_space)[:-1], -1, 0).astype(np.float32)

    found = to_level(linear(coarse), coarse, fine)
    inner = (slice(None), *(slice(0, int(n - s)) for n, s in zip(shape, steps[::-1], strict=True)))
    np.testing.assert_allclose(found[inner], linear(fine)[inner], atol=1e-4)


def test_smoothing_keeps_what_is_the_same_everywhere():
    field = np.ones((2, 7, 8), np.float32) * np.array([1.0, -2.0], np.float32)[:, None, None]
    np.testing.assert_allclose(smoothed(field, 1.5), field, rtol=1e-6)
    assert smoothed(field, 0.0) is field
