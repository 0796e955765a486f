"""A matrix that agrees with the steps that were made, and stays one of a least cost."""

import numpy as np
import pytest

from warpkit.registration._secants import LEAST_CURVATURE, with_secants


def problem(seed=0, size=5):
    """Two positive definite matrices: the right one, and a rough one; and steps."""
    rng = np.random.default_rng(seed)
    right, rough = (x @ x.T + 0.5 * np.eye(size) for x in rng.standard_normal((2, size, size)))
    return right, rough, rng.standard_normal((size, size))


def test_without_steps_it_is_what_it_was():
    _, rough, _ = problem()
    np.testing.assert_array_equal(with_secants(rough, []), rough)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_it_agrees_with_the_last_step(count):
    right, rough, steps = problem()
    found = with_secants(rough, [(step, right @ step) for step in steps[:count]])
    np.testing.assert_allclose(found @ steps[count - 1], right @ steps[count - 1], rtol=1e-10)
    np.testing.assert_allclose(found, found.T, rtol=1e-10)
    assert np.linalg.eigvalsh(found).min() > 0


def test_as_many_conjugate_steps_as_parameters_tell_all():
    """Of a quadratic function: steps along directions that its matrix does not mix."""
    right, rough, _ = problem()
    directions = np.linalg.eigh(right)[1].T
    found = with_secants(rough, [(step, right @ step) for step in directions])
    np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-9)


def test_a_step_along_which_the_gradient_does_not_grow_is_passed_over():
    _, rough, steps = problem()
    step = steps[0]
    for change in (-rough @ step, 0.9 * LEAST_CURVATURE * rough @ step, 0 * step):
        np.testing.assert_array_equal(with_secants(rough, [(step, change)]), rough)
    assert not np.array_equal(with_secants(rough, [(step, 1.1 * LEAST_CURVATURE * rough @ step)]), rough)


def test_what_the_matrix_does_not_know_is_passed_over():
    singular, step = np.diag([1.0, 0.0]), np.array([0.0, 1.0])
    np.testing.assert_array_equal(with_secants(singular, [(step, step)]), singular)
