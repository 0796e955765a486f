"""Families of transforms: their identities, and the order of their parameters."""

import numpy as np
import pytest

from warpkit.nn._families import FAMILIES, control_points

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
    transform = FAMILIES[name].transform(np.tile(FAMILIES[name].identity(shape), (2, 1)), shape, "normalized")
    theta = transform.to_affine().theta
    np.testing.assert_array_equal(theta, np.tile(np.eye(ndim, ndim + 1), (2, 1, 1)))


def theta_of(name, parameters, shape):
    return FAMILIES[name].transform(np.array([parameters]), shape, "normalized").to_affine().theta


def test_parameters_by_hand():
    similarity = theta_of("similarity", [2.0, np.pi / 2, 5.0, 6.0], (3, 4))
    np.testing.assert_allclose(similarity, [[[0, -2, 5], [2, 0, 6]]], atol=1e-15)
    attention = theta_of("attention", [0.5, 1.0, 2.0, 3.0], (3, 4, 5))
    np.testing.assert_array_equal(attention, [[[0.5, 0, 0, 1], [0, 0.5, 0, 2], [0, 0, 0.5, 3]]])
    projective = FAMILIES["projective"].transform(np.arange(8.0)[None], (3, 4), "corners")
    assert projective.frame == "corners"
    np.testing.assert_array_equal(projective.theta, [[[0, 1, 2], [3, 4, 5], [6, 7, 1]]])


def test_control_points():
    points = control_points(2)
    assert points.shape == (16, 2)
    np.testing.assert_allclose(
        points[:5], [[-1, -1], [-1 / 3, -1], [1 / 3, -1], [1, -1], [-1, -1 / 3]], atol=1e-7
    )
    np.testing.assert_array_equal(points.astype(np.float32), points)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FAMILIES)
def test_of_no_image(name, shape):
    parameters = np.zeros((0, len(FAMILIES[name].identity(shape))))
    transform = FAMILIES[name].transform(parameters, shape, "normalized")
    assert transform.n == 0
    assert transform.ndim == len(shape)
