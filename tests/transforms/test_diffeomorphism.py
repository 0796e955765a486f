"""What flows promise beyond the laws of all transforms."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.transforms import Composed, Diffeomorphism, Displacement


def flow(length, sign=1.0):
    """A smooth velocity on (-1, 1)^2, sampled at length x length pixels, that swirls and stretches."""
    x, y = np.moveaxis(wk.identity_grid((length, length)), -1, 0)
    velocity = np.stack([0.3 * np.sin(2 * y + x), 0.3 * np.cos(2 * x) - 0.2 * y], axis=-1)
    return Diffeomorphism(sign * velocity, squarings=10)


POINTS = np.random.default_rng(0).uniform(-0.5, 0.5, (50, 2))


def test_the_error_of_the_inverse_shrinks_with_the_pixels_squared():
    errors = [np.abs(turn.inverse()(turn(POINTS)) - POINTS).max() for turn in (flow(n) for n in (16, 32, 64))]
    assert errors[0] < 0.02
    assert errors[1] < errors[0] / 3
    assert errors[2] < errors[1] / 3


def test_a_smooth_flow_does_not_fold():
    """Though it moves points by four times the distance of pixels."""
    grid = flow(33).grid((33, 33))[0]
    across, down = (np.diff(grid, axis=axis) for axis in (1, 0))
    area = across[:-1, :, 0] * down[:, :-1, 1] - across[:-1, :, 1] * down[:, :-1, 0]
    assert np.abs(grid - wk.identity_grid((33, 33))[0]).max() > 4 * 2 / 33
    assert area.min() > 0


def test_half_the_time_twice():
    whole = flow(64)
    half = Diffeomorphism(whole.velocity / 2, squarings=10)
    np.testing.assert_allclose(half(half(POINTS)), whole(POINTS), atol=2e-4)


def test_warping_follows_its_displacement():
    rng = np.random.default_rng(1)
    image, turn = rng.random((20, 20)), Diffeomorphism.random(rng, 2, shape=(20, 20))
    np.testing.assert_array_equal(wk.warp(image, turn), wk.warp(image, turn.displacement()))
    assert wk.warp(rng.random((30, 40)), turn).shape == (20, 20)


def test_frames_within_a_composition():
    """The field stays at the pixels of the output that it was made for."""
    rng = np.random.default_rng(2)
    chain = Composed((wk.Affine.random(rng, 2), Diffeomorphism.random(rng, 2, shape=(9, 12))))
    image = rng.random((15, 11))
    pixels = chain.to_frame("pixel", (15, 11), (9, 12))
    np.testing.assert_allclose(wk.warp(image, pixels), wk.warp(image, chain), atol=1e-12)


def test_another_shape_is_another_sampling_of_the_same_flow():
    fine, coarse = flow(64), flow(64).resampled((32, 32))
    assert coarse.shape == (32, 32)
    np.testing.assert_allclose(coarse(POINTS), fine(POINTS), atol=2e-3)


def test_identity_is_a_field_of_zeros():
    still = Diffeomorphism.identity((3, 4), frame="pixel", n=2, dtype=np.float32)
    assert still.velocity.dtype == np.float32
    assert not still.velocity.any()
    np.testing.assert_array_equal(still.displacement().field, Displacement.identity((3, 4), n=2).field)


@pytest.mark.parametrize("squarings", [-1, 33, 2.0, "8"])
def test_wrong_squarings(squarings):
    with pytest.raises(ValueError, match="squarings: expected a whole number from 0 to 32"):
        Diffeomorphism(np.zeros((1, 3, 3, 2)), squarings=squarings)


def test_wrong_velocity():
    with pytest.raises(ValueError, match=r"shape \(n, \*shape, ndim\)"):
        Diffeomorphism(np.zeros((1, 3, 3, 3)))
    with pytest.raises(TypeError, match="floating"):
        Diffeomorphism(np.zeros((1, 3, 3, 2), int))
