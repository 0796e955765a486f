"""Footprints are the means of a map's derivatives over each output pixel."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.autograd import grad
from warpkit.transforms import NumericalInverse
from warpkit.transforms._numerical_inverse import jacobian
from warpkit.warping._footprints import footprints, in_pixels

CLASSES = [
    wk.Translation,
    wk.Attention,
    wk.Rigid,
    wk.Similarity,
    wk.Affine,
    wk.Projective,
    wk.ThinPlateSpline,
    wk.Displacement,
    wk.Composed,
]
each_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
AFFINE = CLASSES[:5]


def draw(cls, ndim, n=2, frame="normalized"):
    return cls.random(np.random.default_rng(0), ndim, n=n, frame=frame)


@each_class
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("frame", ["normalized", "corners", "pixel"])
def test_chords(cls, ndim, frame):
    """Column j is how far the map goes from one side of the pixel to the other."""
    shape = (3, 4, 2)[:ndim]
    pixels = in_pixels(draw(cls, ndim, frame=frame), (7, 6, 5)[:ndim], shape)
    assert pixels.frame == "pixel"
    found = np.broadcast_to(footprints(pixels, shape), (2, *shape, ndim, ndim))
    for index in np.ndindex(*shape):
        centre = np.array(index[::-1], float)
        for axis in range(ndim):
            half = 0.5 * np.eye(ndim)[axis]
            ends = np.stack([centre - half, centre + half])
            if cls is wk.Displacement:
                ends = ends.clip(0, np.array(shape[::-1]) - 1)
            behind, ahead = np.moveaxis(pixels(ends), 1, 0)
            expected = (ahead - behind) / (ends[1] - ends[0])[axis]
            np.testing.assert_allclose(found[:, *index, :, axis], expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("cls", [*AFFINE, wk.Projective, wk.ThinPlateSpline], ids=lambda cls: cls.__name__)
def test_mean_of_the_derivative(cls):
    """By Gauss-Legendre quadrature from one side of a pixel to the other."""
    shape = (3, 4)
    pixels = in_pixels(draw(cls, 2), (9, 8), shape)
    found = np.broadcast_to(footprints(pixels, shape), (2, *shape, 2, 2))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    for y, x in [(0, 0), (1, 2), (2, 3)]:
        for axis in range(2):
            points = np.array([x, y]) + 0.5 * nodes[:, None] * np.eye(2)[axis]
            expected = np.einsum("m,nmi->ni", weights / 2, jacobian(pixels, points[None])[..., axis])
            # A spline's derivative has a kink of its own at a control point.
            rtol = 1e-4 if cls is wk.ThinPlateSpline else 1e-6
            np.testing.assert_allclose(found[:, y, x, :, axis], expected, rtol=rtol)


@pytest.mark.parametrize("cls", AFFINE, ids=lambda cls: cls.__name__)
def test_affine_maps_have_one_for_all_pixels(cls):
    assert footprints(in_pixels(draw(cls, 3), (4, 4, 4), (9, 9, 9)), (9, 9, 9)).shape == (2, 1, 1, 1, 3, 3)


def test_shapes_count():
    """Three times fewer pixels: each covers three, in every frame but that of pixels."""
    for frame, expected in [("normalized", 3.0), ("corners", 11 / 3), ("pixel", 1.0)]:
        pixels = in_pixels(wk.Affine.identity(2, frame=frame), (12, 12), (4, 4))
        np.testing.assert_allclose(footprints(pixels, (4, 4))[0, 0, 0], expected * np.eye(2), rtol=1e-14)


@each_class
def test_float64(cls):
    """Parameters in float32 are not rounded once more on their way to pixels."""
    narrow = in_pixels(draw(cls, 2), (5, 5), (4, 4))
    assert narrow.grid((4, 4)).dtype == np.float64
    theta = wk.Affine(np.array([[[1 / 3, 0.0, 0.1], [0.0, 1.0, 0.0]]], np.float32))
    pixels = in_pixels(theta, (300, 300), (300, 300))
    assert footprints(pixels, (300, 300))[0, 0, 0, 0, 0] == float(np.float32(1 / 3))
    assert footprints(pixels, (300, 300)).dtype == np.float64


def test_beyond_the_horizon():
    """A pixel that the horizon crosses has no footprint; those before it have one."""
    theta = np.eye(3)[None].copy()
    theta[0, 2, 0] = -0.25  # w = 1 - x / 4 pixels
    pixels = in_pixels(wk.Projective(theta, frame="pixel"), (8, 8), (1, 8))
    found = footprints(pixels, (1, 8))[0, 0]
    assert np.isfinite(found[:4]).all()
    assert np.isnan(found[4:, :, 0]).all()


def test_borders_of_a_field():
    """A field that shrinks by 3 does so at its border, too."""
    still = in_pixels(wk.Displacement.identity((4, 5)), (12, 15), (4, 5))
    np.testing.assert_allclose(footprints(still, (4, 5)), np.broadcast_to(3 * np.eye(2), (1, 4, 5, 2, 2)))
    chain = wk.Composed((wk.Translation.identity(2, frame="pixel"), still))
    np.testing.assert_allclose(footprints(chain, (4, 5)), np.broadcast_to(3 * np.eye(2), (1, 4, 5, 2, 2)))


def test_single_pixels():
    field = wk.Displacement(np.zeros((1, 1, 1, 2)), frame="corners")
    np.testing.assert_array_equal(footprints(in_pixels(field, (5, 5), (1, 1)), (1, 1))[0, 0, 0], np.eye(2))


def test_numerical_inverse():
    spline = draw(wk.ThinPlateSpline, 2, n=1)
    there = in_pixels(NumericalInverse(spline), (6, 6), (6, 6))
    assert isinstance(there, NumericalInverse)
    assert np.isfinite(footprints(there, (6, 6))).all()


@each_class
def test_differentiable(cls):
    """Footprints of a variable's map are variables, and their derivative is right."""
    rng = np.random.default_rng(1)
    transform = draw(cls, 2, n=1)
    size = wk.Variable(np.array(1.0))

    def of(size):
        wide = wk.Affine(np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]) * size)
        return footprints(in_pixels(wk.Composed((wide, transform)), (6, 6), (4, 4)), (4, 4))

    out = of(size)
    ct = rng.standard_normal(out.shape)
    (found,) = grad((out * ct).sum(), [size])
    assert found == pytest.approx(((of(1.25) - of(0.75)) * ct).sum() / 0.5, rel=1e-9)
