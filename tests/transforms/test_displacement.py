"""Displacement fields as a class; its laws are in test_laws.py."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

import warpkit as wk
from warpkit.grids import FRAMES, identity_grid


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("ndim", [2, 3])
def test_between_pixels_it_is_interpolated(frame, ndim):
    rng = np.random.default_rng(0)
    transform = wk.Displacement.random(rng, ndim, frame=frame)
    axes = [identity_grid((6,), frame)[0, :, 0]] * ndim
    lowest, highest = axes[0][0], axes[0][-1]
    points = rng.uniform(lowest, highest, (20, ndim))
    expected = points + RegularGridInterpolator(axes, transform.field[0])(points[:, ::-1])
    np.testing.assert_allclose(transform(points)[0], expected, rtol=1e-12, atol=1e-13)
    outside = points + 10 * (highest - lowest)
    corner = transform.field[(0, *(-1,) * ndim)]
    np.testing.assert_allclose(transform(outside)[0], outside + corner, rtol=1e-12)


def test_to_frame_scales_between_equal_shapes():
    field = np.random.default_rng(1).standard_normal((2, 4, 6, 2))
    moved = wk.Displacement(field).to_frame("pixel", (4, 6))
    np.testing.assert_allclose(moved.field, field * [3.0, 2.0], rtol=1e-15)
    assert (wk.Displacement(0 * field).to_frame("pixel", (4, 6)).field == 0).all()


def test_to_frame_adds_the_difference_between_other_shapes():
    """No displacement in normalised coordinates between images of 4x6 and 8x6 doubles rows of pixels."""
    moved = wk.Displacement(np.zeros((1, 4, 6, 2))).to_frame("pixel", (8, 6), (4, 6))
    np.testing.assert_allclose(moved.field[0, :, 0, 1], [0.5, 1.5, 2.5, 3.5], rtol=1e-14)
    np.testing.assert_allclose(moved.field[..., 0], 0, atol=1e-15)
    image = np.random.default_rng(2).standard_normal((8, 6))
    np.testing.assert_allclose(
        wk.warp(image, moved), wk.warp(image, wk.Displacement(np.zeros((1, 4, 6, 2)))), rtol=0, atol=1e-13
    )


def test_to_frame_of_another_shape_resamples():
    transform = wk.Displacement.random(np.random.default_rng(3), 2)
    moved = transform.to_frame("pixel", (8, 8), (8, 8))
    assert moved.shape == (8, 8)
    expected = wk.convert_points(transform.grid((8, 8)), (8, 8), "normalized", "pixel")
    np.testing.assert_allclose(moved.grid((8, 8)), expected, rtol=1e-12, atol=1e-13)


def test_resampled():
    transform = wk.Displacement.random(np.random.default_rng(4), 2, n=2)
    assert transform.resampled((6, 6)) is transform
    finer = transform.resampled((11, 13))
    np.testing.assert_allclose(finer.grid((11, 13)), transform.grid((11, 13)), rtol=1e-14)
    with pytest.raises(ValueError, match="shape: expected 2 lengths"):
        transform.resampled((3,))


def test_bad_arguments():
    with pytest.raises(
        ValueError, match=r"field: expected shape \(n, \*shape, ndim\) with ndim lengths in shape"
    ):
        wk.Displacement(np.zeros((1, 3, 4, 3)))
    with pytest.raises(ValueError, match="field: expected at least one pixel along every axis"):
        wk.Displacement(np.zeros((1, 0, 4, 2)))
    with pytest.raises(TypeError, match="field: expected a floating dtype"):
        wk.Displacement(np.zeros((1, 3, 4, 2), int))
    with pytest.raises(ValueError, match="shape: expected lengths of at least 0"):
        wk.Displacement.identity((3, -1))
