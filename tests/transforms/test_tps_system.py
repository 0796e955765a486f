"""The system of a thin-plate spline: its factorisation as a value, and what makes it degenerate."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.transforms import radial_basis, tps_operator, tps_points, tps_system


def control_points(ndim, k=10):
    return np.random.default_rng(0).uniform(-1, 1, (k, ndim))


def test_radial_basis():
    q = np.array([0.0, 1e-300, 0.25, 1.0, 4.0])
    r = np.sqrt(q)
    np.testing.assert_allclose(radial_basis(q, 2)[1:], r[1:] ** 2 * np.log(r[1:]), rtol=1e-14)
    np.testing.assert_allclose(radial_basis(q, 3), -r, rtol=1e-15)
    assert radial_basis(q, 2)[0] == 0
    for ndim in (2, 3):
        assert radial_basis.vjp(np.ones(5), q, ndim)[0][0] == 0
    with pytest.raises(ValueError, match="ndim: expected 2 or 3, given 4"):
        radial_basis(q, 4)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("regularization", [0.0, 0.2])
def test_operator_solves_the_textbook_system(ndim, regularization):
    """Built naively, in plain coordinates."""
    points = control_points(ndim)
    r = np.linalg.norm(points[:, None] - points, axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        kernel = np.where(r > 0, r**2 * np.log(r), 0) if ndim == 2 else -r
    polynomial = np.hstack([np.ones((10, 1)), points])
    zeros = np.zeros((ndim + 1, ndim + 1))
    system = np.block([[kernel + regularization * np.eye(10), polynomial], [polynomial.T, zeros]])
    expected = np.linalg.solve(system, np.vstack([np.eye(10), np.zeros((ndim + 1, 10))]))
    np.testing.assert_allclose(tps_operator(points, regularization), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("ndim", [2, 3])
def test_basis_is_reused(ndim):
    rng = np.random.default_rng(1)
    points = control_points(ndim)
    system = tps_system(points, 0.1)
    at = rng.uniform(-1, 1, (1, 6, ndim))
    basis = system.basis(at)
    for _ in range(2):
        theta = points + rng.uniform(-0.3, 0.3, (1, 10, ndim))
        np.testing.assert_allclose(
            at + basis @ (theta - points), tps_points(theta, points, at, 0.1), rtol=0, atol=1e-12
        )
    assert 1 < system.condition_number < 1e6
    assert system.regularization == 0.1


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("shift", [0.0, 100.0])
def test_condition_number_does_not_depend_on_units(scale, shift):
    points = control_points(2)
    expected = tps_system(points).condition_number
    assert tps_system(scale * (points + shift)).condition_number == pytest.approx(expected, rel=1e-6)


def test_degenerate_control_points():
    line = np.linspace(-1, 1, 8)[:, None] * [1.0, 0.5]
    with pytest.raises(
        ValueError, match=r"control_points: .* lie on a line \(condition number [0-9.e+inf]+\)"
    ):
        tps_system(line)
    plane = np.hstack([control_points(2), np.full((10, 1), 0.3)])
    with pytest.raises(ValueError, match=r"lie on a plane \(condition number"):
        tps_system(plane)
    twice = control_points(2)
    twice[7] = twice[2]
    with pytest.raises(ValueError, match=r"points 2 and 7 coincide \(condition number"):
        tps_system(twice)
    tps_system(twice, 0.1)  # smooth enough not to mind
    with pytest.raises(ValueError, match="points 0 and 1 coincide"):
        tps_system(np.ones((5, 2)))
    broken = control_points(2)
    broken[4, 1] = np.nan
    with pytest.raises(ValueError, match="point 4 is not finite"):
        tps_system(broken)


def test_bad_arguments():
    with pytest.raises(ValueError, match="control_points: expected at least 3 points in 2D, given 2"):
        tps_system(np.eye(2))
    with pytest.raises(ValueError, match="control_points: expected at least 4 points in 3D, given 3"):
        tps_system(np.eye(3))
    with pytest.raises(ValueError, match=r"control_points: expected shape \(k, 2\) or \(k, 3\)"):
        tps_system(np.zeros((5, 4)))
    with pytest.raises(TypeError, match="control_points: expected a floating dtype"):
        tps_system(np.eye(3, 2, dtype=int))
    with pytest.raises(ValueError, match="regularization: expected a number of at least 0"):
        tps_system(control_points(2), -1e-9)


def test_exported():
    assert wk.tps_system is tps_system
