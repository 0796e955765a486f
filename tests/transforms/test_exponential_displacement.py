"""The flow of a velocity against other ways to follow it."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.interpolate import RegularGridInterpolator
from scipy.linalg import expm

import warpkit as wk
from warpkit.transforms import exponential_displacement


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_a_linear_velocity_leads_to_the_matrix_exponential(ndim):
    """Interpolation is exact for it; the middle does not hear of the border."""
    rng = np.random.default_rng(ndim)
    generator = rng.uniform(-0.3, 0.3, (ndim, ndim))
    shape = (17,) * ndim
    places = wk.identity_grid(shape, "pixel")[0] - 8
    field = exponential_displacement(places[None] @ generator.T, squarings=20, frame="pixel")
    middle = (slice(5, 12),) * ndim
    expected = places[middle] @ expm(generator).T
    np.testing.assert_allclose((places + field[0])[middle], expected, atol=1e-4)


def test_against_a_solver_of_differential_equations():
    rng = np.random.default_rng(0)
    velocity = wk.Displacement.random(rng, 2, frame="pixel", shape=(24, 30)).field * 3
    axes = [np.arange(n) for n in velocity.shape[1:-1]]
    at = RegularGridInterpolator(axes, velocity[0])
    corner = np.array([0, 0]), np.array([29, 23])

    def slope(time, point):
        return at(np.clip(point, *corner)[::-1])[0]

    field = exponential_displacement(velocity, squarings=12, frame="pixel")[0]
    for row, column in rng.integers(0, 24, (12, 2)):
        start = np.array([column, row], float)
        end = solve_ivp(slope, (0, 1), start, rtol=1e-8, atol=1e-8).y[:, -1]
        np.testing.assert_allclose(start + field[row, column], end, atol=0.02)


def test_no_squaring_is_the_velocity():
    velocity = np.random.default_rng(1).standard_normal((2, 3, 4, 2))
    np.testing.assert_array_equal(exponential_displacement(velocity, squarings=0), velocity)


def test_frames_say_the_same():
    rng = np.random.default_rng(2)
    velocity = wk.Displacement.random(rng, 2, frame="pixel", shape=(7, 9))
    pixels = exponential_displacement(velocity.field, frame="pixel")
    normalized = exponential_displacement(velocity.to_frame("normalized", (7, 9)).field, frame="normalized")
    np.testing.assert_allclose(normalized * [9 / 2, 7 / 2], pixels, atol=1e-12)


def test_the_dtype_is_kept():
    velocity = np.ones((1, 4, 4, 2), np.float32)
    assert exponential_displacement(velocity).dtype == np.float32
