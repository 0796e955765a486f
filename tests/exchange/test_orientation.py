"""The flip between RAS and LPS; that it is the right one, test_ras.py and test_nibabel.py show."""

import numpy as np

from warpkit.exchange._orientation import flip_map, flip_places, in_3d


def test_a_place_on_the_patients_left_front_and_top():
    """RAS counts to the right and to the front, LPS to the left and to the back."""
    to_ras = np.eye(4)
    to_ras[:3, 3] = -30.0, 20.0, 70.0  # 30 mm to the left, 20 to the front, 70 up
    np.testing.assert_array_equal(flip_places(to_ras)[:3, 3], [30.0, -20.0, 70.0])


def test_laws():
    """Each is its own inverse; a map and a place are turned alike; a composition is turned part by part."""
    a, b = np.random.default_rng(0).standard_normal((2, 4, 4))
    np.testing.assert_array_equal(flip_places(flip_places(a)), a)
    np.testing.assert_array_equal(flip_map(flip_map(a)), a)
    np.testing.assert_array_equal(flip_places(a @ b), flip_map(a) @ flip_places(b))
    np.testing.assert_allclose(flip_map(a @ b), flip_map(a) @ flip_map(b), atol=1e-14)


def test_no_negative_zeros():
    assert not np.signbit(flip_places(np.eye(4))[flip_places(np.eye(4)) == 0]).any()


def test_a_plane_in_space():
    matrix = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [0.0, 0.0, 1.0]])
    expected = [[1, 2, 0, 3], [4, 5, 0, 6], [0, 0, 1, 0], [0, 0, 0, 1]]
    np.testing.assert_array_equal(in_3d(matrix), expected)
