"""Rotations against SciPy; composition; smoothness at no rotation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from warpkit.autograd import Variable, grad
from warpkit.transforms import rotation_matrix
from warpkit.transforms._rotation import compose_rotations, rotation_of_matrix

component = st.one_of(st.floats(-4, 4), st.floats(-1e-3, 1e-3), st.just(0.0))
vectors = st.tuples(component, component, component).map(lambda v: np.array([v]))
SIZES = [0.0, 1e-300, 1e-12, 1e-6, 1e-3, 0.0316, 0.03163, 0.1, 1.0, 3.0, np.pi, 6.0, 50.0]


@given(vectors)
def test_against_scipy(vector):
    expected = Rotation.from_rotvec(vector).as_matrix()
    np.testing.assert_allclose(rotation_matrix(vector), expected, rtol=0, atol=4e-15)


@pytest.mark.parametrize("size", SIZES)
def test_sizes(size):
    """On both sides of where the series takes over."""
    vector = size * np.array([[2.0, -1.0, 2.0]]) / 3
    expected = Rotation.from_rotvec(vector).as_matrix()
    np.testing.assert_allclose(rotation_matrix(vector), expected, rtol=0, atol=1e-15 * max(1, 4 * size))


def test_no_rotation_is_exactly_the_unit_matrix():
    np.testing.assert_array_equal(rotation_matrix(np.zeros((2, 3))), np.tile(np.eye(3), (2, 1, 1)))
    np.testing.assert_array_equal(rotation_matrix(np.zeros(2)), np.tile(np.eye(2), (2, 1, 1)))


def test_direction():
    """+x goes towards +y; in 3D by the right-hand rule."""
    np.testing.assert_allclose(rotation_matrix(np.array([np.pi / 2]))[0] @ [1, 0], [0, 1], atol=1e-16)
    about_z = rotation_matrix(np.array([[0, 0, 0.3]]))[0]
    np.testing.assert_allclose(about_z[:2, :2], rotation_matrix(np.array([0.3]))[0], rtol=1e-15)


@given(vectors, vectors)
def test_composition_against_scipy(outer, inner):
    product = Rotation.from_rotvec(outer) * Rotation.from_rotvec(inner)
    found = compose_rotations(outer, inner)
    np.testing.assert_allclose(rotation_matrix(found), product.as_matrix(), rtol=0, atol=2e-14)
    assert np.linalg.norm(found) <= np.pi + 1e-12


@pytest.mark.parametrize("size", [0.0, 1e-9, 0.02, 0.03, 0.05, 1.0])
def test_second_derivatives(size):
    """Of the matrix and of a composition, against central differences of the first derivative."""
    rng = np.random.default_rng(0)
    start = size * np.array([[2.0, -1.0, 2.0]]) / 3
    other, weights, u, v = rng.standard_normal((1, 3)), *rng.standard_normal((3, 1, 3))
    for function in (
        lambda x: (rotation_matrix(x) * weights[..., None]).sum(),
        lambda x: (compose_rotations(x, 0.5 * x) * weights).sum(),
        lambda x: (compose_rotations(x, other) * weights).sum(),
    ):

        def slope(x, function=function):
            return (grad(function(x), [x], create_graph=True)[0] * u).sum()

        x = Variable(start)
        (second,) = grad(slope(x), [x])
        step = 1e-5
        difference = (slope(Variable(start + step * v)).data - slope(Variable(start - step * v)).data) / (
            2 * step
        )
        # A composition of turns about one axis is linear, its second derivative is zero.
        assert abs((second * v).sum() - difference) <= 1e-8 * max(1.0, np.abs(second).sum())


def test_rotation_of_matrix():
    rng = np.random.default_rng(2)
    angles, rotations = rng.uniform(-3, 3, 5), rng.uniform(-1, 1, (5, 3))
    np.testing.assert_allclose(rotation_of_matrix(rotation_matrix(angles)), angles, rtol=1e-13)
    np.testing.assert_allclose(rotation_of_matrix(rotation_matrix(rotations)), rotations, rtol=1e-12)
    assert rotation_of_matrix(np.zeros((0, 3, 3))).shape == (0, 3)
