"""The flow of a velocity against other ways to follow it."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.interpolate import RegularGridInterpolator
from scipy.linalg import expm
from scipy.ndimage import gaussian_filter

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


def test_no_squaring_is_the_velocity_half_way():
    velocity = np.random.default_rng(1).standard_normal((2, 3, 4, 2))
    half_way = wk.identity_grid((3, 4), "pixel") + velocity / 2
    expected = wk.grid_sample(np.moveaxis(velocity, -1, 1), half_way, boundary="border", frame="pixel")
    found = exponential_displacement(velocity, squarings=0, frame="pixel")
    np.testing.assert_array_equal(found, np.moveaxis(expected, 1, -1))


def test_a_squaring_more_makes_the_error_a_quarter():
    """As the midpoint rule does; Euler halves it. The velocity is linear, so that pixels say it exactly."""
    places = wk.identity_grid((1, 41), "pixel") - np.array([20.0, 0.0])
    fields = [exponential_displacement(0.3 * places, squarings=k, frame="pixel") for k in range(2, 7)]
    errors = np.array([abs(20 + 4 * 1.3498588 - 24 - field[0, 0, 24, 0]) for field in fields])
    np.testing.assert_allclose(errors[:-1] / errors[1:], 4, rtol=0.15)


def test_opposite_flows_lead_back():
    """With a first step of two pixels."""
    rng = np.random.default_rng(3)
    velocity = gaussian_filter(rng.standard_normal((1, 80, 90, 2)), (0, 6, 6, 0))
    velocity *= 8 / abs(velocity).max()
    there, back = (exponential_displacement(v, squarings=2, frame="pixel") for v in (velocity, -velocity))
    at = wk.grid_sample(
        np.moveaxis(there, -1, 1),
        wk.identity_grid((80, 90), "pixel") + back,
        boundary="border",
        frame="pixel",
    )
    gap = abs(np.moveaxis(at, 1, -1) + back)[:, 12:-12, 12:-12]
    assert gap.max() < 0.1
    assert gap.mean() < 0.01


def test_frames_say_the_same():
    rng = np.random.default_rng(2)
    velocity = wk.Displacement.random(rng, 2, frame="pixel", shape=(7, 9))
    pixels = exponential_displacement(velocity.field, frame="pixel")
    normalized = exponential_displacement(velocity.to_frame("normalized", (7, 9)).field, frame="normalized")
    np.testing.assert_allclose(normalized * [9 / 2, 7 / 2], pixels, atol=1e-12)


def test_the_dtype_is_kept():
    velocity = np.ones((1, 4, 4, 2), np.float32)
    assert exponential_displacement(velocity).dtype == np.float32
