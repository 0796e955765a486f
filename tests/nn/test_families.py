"""Families of transforms: identities, rotations, and derivatives near no rotation."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from warpkit.autograd import jvp
from warpkit.nn._families import FAMILIES, control_points, rotation_2d, rotation_3d

SHAPES = [(5, 6), (3, 4, 5)]
AFFINE = ["translation", "attention", "rigid", "similarity", "affine"]
COUNTS = {
    "translation": (2, 3),
    "attention": (3, 4),
    "rigid": (3, 6),
    "similarity": (4, 7),
    "affine": (6, 12),
    "projective": (8, 15),
    "tps": (32, 192),
    "displacement": (60, 180),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FAMILIES)
def test_number_of_parameters(name, shape):
    assert FAMILIES[name].identity(shape).shape == (COUNTS[name][len(shape) - 2],)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", AFFINE)
def test_identity(name, shape):
    ndim = len(shape)
    theta = FAMILIES[name].theta(np.tile(FAMILIES[name].identity(shape), (2, 1)), shape)
    np.testing.assert_array_equal(theta, np.tile(np.eye(ndim, ndim + 1), (2, 1, 1)))


def test_parameters_by_hand():
    similarity = FAMILIES["similarity"].theta(np.array([[2.0, np.pi / 2, 5.0, 6.0]]), (3, 4))
    np.testing.assert_allclose(similarity, [[[0, -2, 5], [2, 0, 6]]], atol=1e-15)
    attention = FAMILIES["attention"].theta(np.array([[0.5, 1.0, 2.0, 3.0]]), (3, 4, 5))
    np.testing.assert_array_equal(attention, [[[0.5, 0, 0, 1], [0, 0.5, 0, 2], [0, 0, 0.5, 3]]])
    projective = FAMILIES["projective"].theta(np.arange(8.0)[None], (3, 4))
    np.testing.assert_array_equal(projective, [[[0, 1, 2], [3, 4, 5], [6, 7, 1]]])


def test_control_points():
    points = control_points(2)
    assert points.shape == (16, 2)
    np.testing.assert_allclose(
        points[:5], [[-1, -1], [-1 / 3, -1], [1 / 3, -1], [1, -1], [-1, -1 / 3]], atol=1e-7
    )
    np.testing.assert_array_equal(points.astype(np.float32), points)


def test_rotations_against_scipy():
    rng = np.random.default_rng(0)
    lengths = np.array([0.0, 1e-9, 1e-3, 0.0316, 0.0317, 0.1, 1.0, 3.1, 6.0])[:, None]
    vectors = rng.standard_normal((len(lengths), 3))
    vectors *= lengths / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(rotation_3d(vectors), Rotation.from_rotvec(vectors).as_matrix(), atol=1e-15)
    around_z = np.array([[0.0, 0.0, 0.3]])
    np.testing.assert_allclose(rotation_3d(around_z)[:, :2, :2], rotation_2d(np.array([[0.3]])), atol=1e-15)


@pytest.mark.parametrize("length", [0.0, 1e-5, 0.03, 0.04, 2.0])
def test_derivative_of_rotations(length):
    """Against central differences, also where there is no rotation."""
    rng = np.random.default_rng(1)
    vector, direction = np.array([[0.6, 0.0, 0.8]]) * length, rng.standard_normal((1, 3))
    _, slope = jvp(rotation_3d, (vector,), (direction,))
    step = 1e-5
    expected = (rotation_3d(vector + step * direction) - rotation_3d(vector - step * direction)) / (2 * step)
    np.testing.assert_allclose(slope, expected, atol=1e-9)
