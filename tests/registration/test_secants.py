"""A matrix learns from steps what it did not know."""

import numpy as np

from warpkit.registration._secants import with_secants


def problem(seed=0, size=5):
    """The true matrix, a rough one, and steps from each of which the gradient is known."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size, size))
    true = root @ root.T + np.eye(size)
    steps = rng.standard_normal((size, size))
    return true, np.diag(np.diag(true)), [(step, true @ step) for step in steps]


def test_the_last_step_is_known_exactly():
    _, rough, secants = problem()
    for count in (1, 3, 5):
        found = with_secants(rough, secants[:count])
        step, change = secants[count - 1]
        np.testing.assert_allclose(found @ step, change)
        np.testing.assert_allclose(found, found.T)
        assert np.linalg.eigvalsh(found).min() > 0


def test_steps_that_are_conjugate_tell_all():
    true, rough, _ = problem()
    directions = np.linalg.inv(np.linalg.cholesky(true)).T  # the columns are conjugate
    found = with_secants(rough, [(step, true @ step) for step in directions.T])
    np.testing.assert_allclose(found, true)


def test_what_curves_down_is_passed_over():
    _, rough, secants = problem()
    step = secants[0][0]
    for change in (-rough @ step, 0 * step):
        np.testing.assert_array_equal(with_secants(rough, [(step, change)]), rough)
    np.testing.assert_array_equal(with_secants(rough, []), rough)
    assert not with_secants(0 * rough, secants).any()
