"""ITK's transforms written down: what cannot be read. That the rest is right, test_itk.py shows."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.exchange._itk_parameters import _READERS, ITKParameters, from_parameters, to_parameters


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ITKParameters("BSplineTransform", 2, ()),
            "transform: expected in 2D one of AffineTransform, .*, given BSpl",
        ),
        (ITKParameters("Euler2DTransform", 3, (0.0,) * 6), "transform: expected in 3D one of"),
        (
            ITKParameters("AffineTransform", 2, (1.0,) * 5),
            "6 parameters of AffineTransform and a centre, given 5 and",
        ),
        (ITKParameters("Euler2DTransform", 2, (0.0,) * 3, (1.0,)), "given 3 and 1 fixed ones"),
        (ITKParameters("TranslationTransform", 2, (np.nan, 0.0)), "transform: expected finite parameters"),
    ],
)
def test_what_cannot_be_read(given, message):
    with pytest.raises(ValueError, match=message):
        from_parameters(given)


@pytest.mark.parametrize(("name", "ndim"), sorted(_READERS))
def test_no_centre_is_the_origin(name, ndim):
    """Old files leave it out. The transforms with all parameters small are near a known map."""
    count, _ = _READERS[name, ndim]
    parameters = tuple(np.random.default_rng(0).uniform(0.1, 0.3, count))
    points = np.random.default_rng(1).uniform(-1, 1, (4, ndim))
    a, b = (
        from_parameters(ITKParameters(name, ndim, parameters, fixed))(points) for fixed in ((), (0.0,) * ndim)
    )
    np.testing.assert_array_equal(a, b)


def test_old_and_new_order_of_angles():
    """Each by the matrices of the three axes, multiplied."""
    x, y, z = 0.3, -0.5, 0.7

    def about(axis, angle):
        matrix = np.eye(3)
        i, j = [k for k in range(3) if k != axis]
        sine = np.sin(angle) * (-1 if axis == 1 else 1)
        matrix[i, i] = matrix[j, j] = np.cos(angle)
        matrix[i, j], matrix[j, i] = -sine, sine
        return matrix

    for flag, expected in (
        (0.0, about(2, z) @ about(0, x) @ about(1, y)),
        (1.0, about(2, z) @ about(1, y) @ about(0, x)),
    ):
        given = ITKParameters("Euler3DTransform", 3, (x, y, z, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, flag))
        np.testing.assert_allclose(from_parameters(given).to_affine().theta[0, :, :3], expected, atol=1e-15)


@pytest.mark.parametrize("degrees", [0.0, 179.9, 180.0, 200.0, 359.0])
def test_turns_beyond_half(degrees):
    """A versor and its negative turn the same way; the one whose scalar part is not negative is written."""
    axis = np.array([[1.0, 2.0, -2.0]]) / 3
    transform = wk.Rigid(np.deg2rad(degrees) * axis, np.zeros((1, 3)), frame="world")
    again = from_parameters(to_parameters(transform))
    # At a half turn sqrt(1 - |v|^2) of a rounded versor is the root of a rounding, 1e-8.
    np.testing.assert_allclose(again.to_affine().theta, transform.to_affine().theta, atol=5e-8)


def test_wrong_transforms():
    with pytest.raises(TypeError, match="transform: expected an affine map"):
        to_parameters(wk.Projective.identity(2, frame="world"))
    with pytest.raises(ValueError, match=r"transform: expected the frame 'world'.*with the two geometries"):
        to_parameters(wk.Affine.identity(2, frame="pixel"))
    with pytest.raises(ValueError, match="transform: expected one map, a batch of 1, given a batch of 2"):
        to_parameters(wk.Affine.identity(2, frame="world", n=2))
    with pytest.raises(ValueError, match="expected two or three dimensions, given 1"):
        to_parameters(wk.Affine.identity(1, frame="world"))
