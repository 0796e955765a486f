"""Thin-plate splines as a class; its laws are in test_laws.py, its values in test_tps_grid.py."""

import dataclasses

import numpy as np
import pytest

import warpkit as wk
from warpkit.grids import convert_points
from warpkit.transforms import tps_points, tps_system


@pytest.mark.parametrize("ndim", [2, 3])
def test_coefficients_can_be_read_out(ndim):
    """T(p) = [A b](p) + sum of weights times basis functions, with the identity in A."""
    rng = np.random.default_rng(0)
    spline = wk.ThinPlateSpline.random(rng, ndim, n=2)
    points = rng.uniform(-1, 1, (6, ndim))
    r = np.linalg.norm(points[:, None] - spline.control_points, axis=2)
    basis = r**2 * np.log(r) if ndim == 2 else -r
    expected = wk.Affine(spline.affine)(points) + basis @ spline.weights
    np.testing.assert_allclose(spline(points), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(spline.weights.sum(axis=1), 0, atol=1e-12)
    assert spline.condition_number == tps_system(spline.control_points).condition_number
    assert spline.system.operator.shape == (3**ndim + 1 + ndim, 3**ndim)
    still = wk.ThinPlateSpline.identity(spline.control_points)
    np.testing.assert_array_equal(still.affine[0], np.eye(ndim, ndim + 1))
    assert (still.weights == 0).all()


def test_bending_is_that_of_the_frame_it_was_solved_in():
    """In another frame it is the same map, which is not the spline of the converted points."""
    rng = np.random.default_rng(1)
    spline, shape = wk.ThinPlateSpline.random(rng, 2), (20, 60)
    points = rng.uniform(-1, 1, (50, 2))
    pixels = convert_points(points, shape, "normalized", "pixel")
    expected = convert_points(spline(points), shape, "normalized", "pixel")
    moved = spline.to_frame("pixel", shape)
    assert type(moved) is wk.ThinPlateSpline
    np.testing.assert_allclose(moved(pixels), expected, rtol=0, atol=1e-11)
    converted = [
        convert_points(x, shape, "normalized", "pixel") for x in (spline.theta, spline.control_points)
    ]
    assert np.abs(tps_points(*converted, pixels[None]) - expected).max() > 0.1


@pytest.mark.parametrize("ndim", [2, 3])
def test_affine_maps_around(ndim):
    """Between affine maps it stays a spline, to any depth, and through a change of frame."""
    rng = np.random.default_rng(2)
    spline, points = wk.ThinPlateSpline.random(rng, ndim, n=2), rng.uniform(-1, 1, (6, ndim))
    first, last = wk.Affine.random(rng, ndim), wk.Similarity.random(rng, ndim, n=2)
    chain = last @ (first @ spline @ last) @ first
    assert type(chain) is wk.ThinPlateSpline
    expected = last(first(spline(last(first(points)))))
    np.testing.assert_allclose(chain(points), expected, rtol=0, atol=1e-12)
    shape, out_shape = (6, 9, 7)[:ndim], (5, 4, 8)[:ndim]
    moved = chain.to_frame("pixel", shape, out_shape)
    image = rng.standard_normal(shape)
    np.testing.assert_allclose(
        wk.warp(image, moved, out_shape), wk.warp(image, chain, out_shape), rtol=0, atol=1e-11
    )
    grid = wk.grid_sample(image[None, None], chain.grid(out_shape))[:, 0]
    np.testing.assert_allclose(wk.warp(image, chain, out_shape), grid, rtol=0, atol=1e-11)


def test_from_points():
    rng = np.random.default_rng(3)
    src, dst = rng.uniform(-1, 1, (8, 2)), rng.uniform(-1, 1, (3, 8, 2))
    np.testing.assert_allclose(wk.ThinPlateSpline.from_points(src, dst)(src), dst, rtol=0, atol=1e-12)
    from_lists = wk.ThinPlateSpline.from_points(src.tolist(), dst.tolist())
    np.testing.assert_array_equal(from_lists.theta, dst)
    smooth = wk.ThinPlateSpline.from_points(src, dst, regularization=10.0)
    affine = wk.Affine.from_points(src, dst)
    assert np.abs(smooth(src) - dst).max() > 0.1
    smoother = wk.ThinPlateSpline.from_points(src, dst, regularization=1e9)
    np.testing.assert_allclose(smoother(src), affine(src), rtol=0, atol=1e-7)
    failure = wk.ThinPlateSpline.from_points(src[:2], dst[:, :2])
    assert "expected at least 3 pairs" in failure.reason
    line = np.linspace(-1, 1, 8)[:, None] * [1.0, 2.0]
    failure = wk.ThinPlateSpline.from_points(line, dst)
    assert not failure
    assert "lie on a line (condition number" in failure.reason
    with pytest.raises(ValueError, match="weights: expected None"):
        wk.ThinPlateSpline.from_points(src, dst, np.ones(8))
    with pytest.raises(ValueError, match=r"src: expected shape \(k, ndim\)"):
        wk.ThinPlateSpline.from_points(dst, dst)


def test_degenerate_control_points_are_named_when_used():
    line = np.linspace(-1, 1, 8)[:, None] * [1.0, 2.0]
    spline = wk.ThinPlateSpline.identity(line)
    with pytest.raises(ValueError, match=r"control_points: .* lie on a line \(condition number"):
        spline(np.zeros((1, 2)))


def test_bad_arguments():
    spline = wk.ThinPlateSpline.random(np.random.default_rng(4), 2)
    with pytest.raises(ValueError, match="regularization: expected a number of at least 0, given -1"):
        wk.ThinPlateSpline(spline.theta, spline.control_points, -1.0)
    with pytest.raises(ValueError, match=r"theta: expected shape \(n, 9, 2\), as control_points"):
        wk.ThinPlateSpline(spline.theta[:, :4], spline.control_points)
    with pytest.raises(TypeError, match="control_points: expected a NumPy or CuPy array"):
        wk.ThinPlateSpline(spline.theta, spline.control_points.tolist())
    with pytest.raises(ValueError, match="before, after, base: expected all three or none, given 1 of them"):
        dataclasses.replace(spline, before=np.eye(2, 3)[None])
    with pytest.raises(ValueError, match=r"after: expected shape \(n, 2, 2\)"):
        dataclasses.replace(spline, before=np.eye(2, 3)[None], after=np.eye(3)[None], base=np.eye(2, 3)[None])
    with pytest.raises(ValueError, match=r"base: expected shape \(n, 2, 3\)"):
        dataclasses.replace(spline, before=np.eye(2, 3)[None], after=np.eye(2)[None], base=np.eye(3)[None])
    with pytest.raises(ValueError, match="ndim: expected 2 or 3"):
        wk.ThinPlateSpline.random(np.random.default_rng(0), 1)
