"""Steps stay in their group, and have their generators as derivatives."""

import numpy as np
import pytest

from warpkit.registration._matrix_groups import GROUPS, map_points, matrix_group, scaling

KINDS = pytest.mark.parametrize(("name", "ndim"), [(name, ndim) for name in GROUPS for ndim in (2, 3)])
SIZES = {
    "translation": (2, 3),
    "rigid": (3, 6),
    "similarity": (4, 7),
    "affine": (6, 12),
    "projective": (8, 15),
}


@KINDS
def test_as_many_parameters_as_degrees_of_freedom(name, ndim):
    generators = matrix_group(name, ndim).generators
    assert len(generators) == SIZES[name][ndim - 2]
    assert np.linalg.matrix_rank(generators.reshape(len(generators), -1)) == len(generators)


@KINDS
def test_derivatives_at_0_are_the_generators(name, ndim):
    group = matrix_group(name, ndim)
    np.testing.assert_array_equal(group.exponential(np.zeros(len(group.generators))), np.eye(ndim + 1))
    h = 1e-6
    for k, generator in enumerate(group.generators):
        t = h * np.eye(len(group.generators))[k]
        slope = (group.exponential(t) - group.exponential(-t)) / (2 * h)
        np.testing.assert_allclose(slope, generator, atol=1e-9)


@KINDS
def test_products_of_steps_are_of_the_group(name, ndim):
    """Their transforms, of the group's own class, map points as their matrices do."""
    rng = np.random.default_rng(0)
    group = matrix_group(name, ndim)
    matrix = np.eye(ndim + 1)
    for _ in range(3):
        matrix = matrix @ group.exponential(0.2 * rng.standard_normal(len(group.generators)))
    transform = group.to_transform(matrix, "pixel")
    assert type(transform).__name__.lower() == name
    points = rng.uniform(-0.5, 0.5, (20, ndim))
    np.testing.assert_allclose(transform(points)[0], map_points(matrix, points), atol=1e-12)


@pytest.mark.parametrize("ndim", [2, 3])
def test_parameters_move_points_by_equal_amounts(ndim):
    """No farther than by 1 within the unit ball, and as far as that: the reason for having no scales."""
    rng = np.random.default_rng(0)
    ball = rng.standard_normal((20_000, ndim))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    group = matrix_group("projective", ndim)
    for k in range(len(group.generators)):
        step = group.exponential(1e-4 * np.eye(len(group.generators))[k])
        moved = np.linalg.norm(map_points(step, ball) - ball, axis=1) / 1e-4
        assert 0.98 < moved.max() < 1.001


def test_behind_the_horizon_there_is_nothing():
    matrix = np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 1]])
    mapped = map_points(matrix, np.array([[0.5, 0.5], [1.0, 0.0], [2.0, 0.0]]))
    np.testing.assert_allclose(mapped[0], [1, 1])
    assert np.isnan(mapped[1:]).all()


def test_scaling():
    np.testing.assert_array_equal(map_points(scaling([2, 3], [1, -1]), np.array([[1.0, 1.0]])), [[3, 2]])
