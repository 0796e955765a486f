"""Free-form deformations as a class; their laws are in test_laws.py."""

import itertools

import numpy as np
import pytest
from scipy.interpolate import BSpline

import warpkit as wk
from warpkit.grids import FRAMES, identity_grid


def of_polynomial(polynomial, lattice, spacing, origin):
    """Coefficients at the control points' own places: of linear functions, the spline's."""
    places = np.stack(np.meshgrid(*[np.arange(n) for n in lattice], indexing="ij")[::-1], axis=-1)
    return polynomial(places * np.array(spacing) + origin)[None]


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_against_scipy(ndim):
    """The sum over control points of products of SciPy's B-splines."""
    rng = np.random.default_rng(0)
    lattice = (5, 6, 7)[:ndim]
    spacing, origin = tuple(rng.uniform(0.5, 2, ndim).tolist()), tuple(rng.uniform(-1, 1, ndim).tolist())
    transform = wk.FreeFormDeformation(rng.standard_normal((1, *lattice, ndim)), spacing, origin)
    last = (np.array(lattice[::-1]) - 2) * spacing + origin
    points = rng.uniform(np.array(origin) + spacing, last, (9, ndim))  # where no tap is beyond the lattice
    hat = BSpline.basis_element(np.arange(-2.0, 3), extrapolate=False)
    expected = points.copy()
    for k in itertools.product(*map(range, lattice)):
        places = (points - origin) / spacing - k[::-1]
        expected += np.nan_to_num(hat(places)).prod(axis=1)[:, None] * transform.coefficients[(0, *k)]
    np.testing.assert_allclose(transform(points)[0], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("ndim", [2, 3])
def test_linear_displacements_are_reproduced(ndim):
    rng = np.random.default_rng(1)
    matrix, offset = 0.1 * rng.standard_normal((ndim, ndim)), rng.standard_normal(ndim)
    still = wk.FreeFormDeformation.identity((7, 9, 8)[:ndim], 2.5, frame="pixel")
    lattice = still.coefficients.shape[1:-1]
    coefficients = of_polynomial(lambda p: p @ matrix.T + offset, lattice, still.spacing, still.origin)
    transform = wk.FreeFormDeformation(coefficients, still.spacing, still.origin, frame="pixel")
    points = identity_grid((7, 9, 8)[:ndim], "pixel").reshape(-1, ndim)
    np.testing.assert_allclose(transform(points)[0], points + points @ matrix.T + offset, atol=1e-12)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_refined_is_the_same_map(frame, ndim):
    """Everywhere, also beyond the lattice; and so are its refinements."""
    rng = np.random.default_rng(2)
    transform = wk.FreeFormDeformation.random(rng, ndim, n=2, frame=frame)
    points = rng.uniform(-20, 20, (200, ndim))
    np.testing.assert_allclose(transform.refined()(points), transform(points), rtol=1e-13, atol=1e-13)
    twice = transform.refined().refined()
    np.testing.assert_allclose(twice(points), transform(points), rtol=1e-13, atol=1e-13)
    assert twice.spacing == tuple(h / 4 for h in transform.spacing)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("spacing", [0.1, 0.3, 0.6, 5.0])
def test_identity_covers_the_image(frame, spacing):
    """With one control point before the first pixel and one beyond the last, and no more than that."""
    shape = (9, 13)
    still = wk.FreeFormDeformation.identity(shape, spacing, frame=frame, n=2, dtype=np.float32)
    centres = identity_grid(shape, frame)[0]
    count = np.array(still.coefficients.shape[1:-1][::-1])
    last = np.array(still.origin) + (count - 1) * still.spacing
    np.testing.assert_allclose(centres[0, 0] - still.origin, spacing, rtol=1e-12)
    assert (last >= centres[-1, -1] + spacing - 1e-6).all()
    assert ((last < centres[-1, -1] + 2 * spacing - 1e-9) | (count == 4)).all()
    assert still.coefficients.shape[0] == 2
    assert still.coefficients.dtype == np.float32


def test_random_does_not_fold():
    for seed in range(5):
        transform = wk.FreeFormDeformation.random(np.random.default_rng(seed), 2, n=3)
        field = transform.grid((40, 40)) - identity_grid((40, 40))
        assert wk.metrics.jacobian_determinant(field, spacing=2 / 40).min() > 0


def test_warping_with_it():
    """A shift by coefficients that are all the same is a shift."""
    image = np.random.default_rng(3).random((8, 9))
    still = wk.FreeFormDeformation.identity((8, 9), 3.0, frame="pixel")
    moved = still.coefficients + np.array([1.0, -2.0])
    shifted = wk.FreeFormDeformation(moved, still.spacing, still.origin, frame="pixel")
    expected = wk.warp(image, wk.Translation(np.array([[1.0, -2.0]]), frame="pixel"))
    np.testing.assert_allclose(wk.warp(image, shifted), expected, atol=1e-12)


def test_bad_arguments():
    good = np.zeros((1, 4, 5, 2))
    with pytest.raises(ValueError, match=r"coefficients: expected shape \(n, \*lattice, ndim\)"):
        wk.FreeFormDeformation(np.zeros((1, 4, 5, 3)), (1.0, 1.0), (0.0, 0.0))
    with pytest.raises(ValueError, match="coefficients: expected at least one control point"):
        wk.FreeFormDeformation(np.zeros((1, 0, 5, 2)), (1.0, 1.0), (0.0, 0.0))
    with pytest.raises(TypeError, match="coefficients: expected a floating dtype"):
        wk.FreeFormDeformation(good.astype(int), (1.0, 1.0), (0.0, 0.0))
    with pytest.raises(ValueError, match="spacing: expected a tuple of 2 numbers"):
        wk.FreeFormDeformation(good, (1.0,), (0.0, 0.0))
    with pytest.raises(ValueError, match="origin: expected a tuple of 2 numbers"):
        wk.FreeFormDeformation(good, (1.0, 1.0), (0.0, np.nan))
    with pytest.raises(ValueError, match="spacing: expected distances above 0"):
        wk.FreeFormDeformation(good, (1.0, 0.0), (0.0, 0.0))
    with pytest.raises(ValueError, match="frame: expected one of"):
        wk.FreeFormDeformation(good, (1.0, 1.0), (0.0, 0.0), frame="world")
    with pytest.raises(ValueError, match="spacing: expected a distance above 0"):
        wk.FreeFormDeformation.identity((4, 5), 0.0)
