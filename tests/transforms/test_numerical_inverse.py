"""Numerical inverses: whether they converged, folds, derivatives."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.autograd import Variable, grad
from warpkit.transforms import NumericalInverse
from warpkit.transforms._numerical_inverse import jacobian


@pytest.mark.parametrize("cls", [wk.ThinPlateSpline, wk.Displacement], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("ndim", [2, 3])
def test_solve(cls, ndim):
    rng = np.random.default_rng(0)
    transform, points = cls.random(rng, ndim, n=2), rng.uniform(-0.7, 0.7, (30, ndim))
    found = transform.inverse().solve(transform(points))
    assert found.converged.all()
    assert not found.folds.any()
    assert (found.determinant > 0).all()
    assert found.iterations < 15
    np.testing.assert_allclose(found.points, np.tile(points, (2, 1, 1)), rtol=0, atol=1e-8)


def test_reflection_does_not_fold():
    """An orientation that is reversed everywhere is no fold."""
    rng = np.random.default_rng(1)
    mirror = wk.Affine(np.array([[[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])) @ wk.ThinPlateSpline.random(rng, 2)
    found = mirror.inverse().solve(rng.uniform(-0.5, 0.5, (30, 2)))
    assert found.converged.all()
    assert (found.determinant < 0).all()
    assert not found.folds.any()


def test_fold_is_reported():
    """x + u(x) runs back between the middle pixels; some places are hit three times, none are lost."""
    field = np.zeros((1, 1, 8, 2))
    field[0, 0, 4:, 0] = -3.0
    transform = wk.Displacement(field, frame="pixel")
    targets = np.stack([np.linspace(-1, 6, 60), np.zeros(60)], axis=1)
    found = transform.inverse().solve(targets)
    np.testing.assert_allclose(
        transform(found.points[0])[0][found.converged[0]], targets[found.converged[0]], atol=1e-8
    )
    inside = (
        wk.Displacement(field, frame="pixel").inverse().solve(transform(np.array([[3.5, 0], [6.0, 0]]))[0])
    )
    assert found.folds[0] or inside.folds[0]


def test_what_has_no_inverse_does_not_converge():
    """A map onto a line never reaches a point beside it: NaN, and the report says so."""
    field = -np.moveaxis(np.stack([0 * np.indices((4, 4))[0], np.indices((4, 4))[0]]), 0, -1)[None].astype(
        float
    )
    back = wk.Displacement(field, frame="pixel").inverse()  # y becomes 0
    found = back.solve(np.array([[1.0, 0.0], [1.0, 0.5]]))
    np.testing.assert_array_equal(found.converged, [[True, False]])
    out = back(np.array([[1.0, 0.0], [1.0, 0.5]]))
    assert out[0, 0, 0] == 1
    assert np.isnan(out[0, 1]).all()
    assert found.folds.all()


def test_nan_and_infinity():
    back = wk.ThinPlateSpline.random(np.random.default_rng(2), 2).inverse()
    out = back(np.array([[0.1, 0.2], [np.nan, 0.0]]))
    assert np.isfinite(out[0, 0]).all()
    assert np.isnan(out[0, 1]).all()


def test_jacobian():
    rng = np.random.default_rng(3)
    affine = wk.Affine.random(rng, 3, n=2)
    found = jacobian(affine, rng.standard_normal((2, 4, 3)))
    np.testing.assert_allclose(found, np.repeat(affine.theta[:, None, :, :3], 4, axis=1), rtol=1e-14)


def test_derivatives():
    """First and second order, of points and parameters, against central differences."""
    rng = np.random.default_rng(4)
    spline = wk.ThinPlateSpline.random(rng, 2)
    points, weights = rng.uniform(-0.5, 0.5, (1, 4, 2)), rng.standard_normal((1, 4, 2))

    def value(theta, at):
        back = NumericalInverse(wk.ThinPlateSpline(theta, spline.control_points), tolerance=1e-14)
        return (back(at) * weights).sum()

    u = [rng.standard_normal(x.shape) for x in (spline.theta, points)]
    v = [rng.standard_normal(x.shape) for x in (spline.theta, points)]

    def slope(theta, at):
        xs = [Variable(theta), Variable(at)]
        first = grad(value(*xs), xs, create_graph=True)
        return xs, sum((g * d).sum() for g, d in zip(first, u, strict=True))

    def moved(step):
        return spline.theta + step * v[0], points + step * v[1]

    xs, along_u = slope(spline.theta, points)
    step = 1e-5
    shifted = [value(spline.theta + s * step * u[0], points + s * step * u[1]) for s in (1, -1)]
    assert float(along_u) == pytest.approx((shifted[0] - shifted[1]) / (2 * step), rel=1e-7)
    second = sum((g * d).sum() for g, d in zip(grad(along_u, xs), v, strict=True))
    difference = (float(slope(*moved(step))[1]) - float(slope(*moved(-step))[1])) / (2 * step)
    assert second == pytest.approx(difference, rel=1e-6)


def test_warp_by_an_inverse():
    """Warping there and back leaves a smooth image nearly as it was."""
    y, x = np.mgrid[:40, :40] / 40
    image = np.sin(3 * x) * np.cos(2 * y)
    transform = wk.ThinPlateSpline.random(np.random.default_rng(5), 2)
    there = wk.warp(image, transform, boundary="border")
    back = wk.warp(there, transform.inverse(), boundary="border")
    assert np.abs(back - image)[12:-12, 12:-12].max() < 2e-3


def test_frames():
    rng = np.random.default_rng(6)
    back = wk.ThinPlateSpline.random(rng, 2).inverse()
    moved = back.to_frame("pixel", (5, 6), (7, 8))
    points = rng.uniform(-0.5, 0.5, (4, 2))
    expected = wk.convert_points(back(points), (5, 6), "normalized", "pixel")
    found = moved(wk.convert_points(points, (7, 8), "normalized", "pixel"))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
    assert (back @ wk.Affine.identity(2)).frame == "normalized"


def test_bad_arguments():
    spline = wk.ThinPlateSpline.random(np.random.default_rng(7), 2)
    with pytest.raises(ValueError, match="tolerance: expected a positive number, given 0"):
        NumericalInverse(spline, tolerance=0)
    with pytest.raises(ValueError, match="max_iterations: expected a positive number, given -1"):
        NumericalInverse(spline, max_iterations=-1)
