"""Affine maps of a world in RAS, against nibabel, with marks moved by known distances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import warpkit as wk

from .maps import AFFINE_CLASSES, SEEDS

nib = pytest.importorskip("nibabel", reason="compares with nibabel")


@given(kind=st.sampled_from(AFFINE_CLASSES), seed=SEEDS)
def test_places_in_ras(kind, seed):
    rng = np.random.default_rng(seed)
    transform = kind.random(rng, 3, frame="world")
    places = rng.uniform(-50, 50, (6, 3))  # LPS
    flip = np.array([-1, -1, 1])
    in_ras = nib.affines.apply_affine(wk.to_ras(transform), places * flip)
    np.testing.assert_allclose(in_ras * flip, transform(places)[0], atol=1e-11)
    np.testing.assert_array_equal(wk.from_ras(wk.to_ras(transform)).theta, transform.to_affine().theta)


@pytest.mark.parametrize("axcodes", ["RAS", "LPS", "ASL"])
def test_a_mark_moved_to_the_left(axcodes):
    """The mark is 6 mm further to the patient's left in the moving image, whichever way its axes run.

    In RAS the matrix from fixed to moving says -6 for x, by which the moving image comes to lie on the fixed.
    """
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -20.0
    volumes = []
    for x in (4.0, -2.0):  # millimetres to the right: the second one lies 6 mm further to the left
        volume = np.zeros((21, 21, 21), np.float32)
        voxel = np.linalg.solve(affine, [x, 0.0, 6.0, 1.0])[:3].round().astype(int)
        volume[tuple(voxel)] = 1
        volumes.append(nib.Nifti1Image(volume, affine))
    turn = nib.orientations.axcodes2ornt(tuple(axcodes))
    fixed, moving = wk.image_from_nibabel(volumes[0]), wk.image_from_nibabel(volumes[1].as_reoriented(turn))
    matrix = np.eye(4)
    matrix[0, 3] = -6.0
    transform = wk.from_ras(matrix)
    np.testing.assert_array_equal(transform(np.zeros((1, 3)))[0, 0], [6.0, 0.0, 0.0])  # LPS
    warped = wk.warp(
        moving.array, transform.to_frame("pixel", moving.geometry, fixed.geometry), fixed.array.shape
    )
    np.testing.assert_allclose(warped, fixed.array, atol=1e-5)
    wrong = wk.warp(
        moving.array,
        transform.inverse().to_frame("pixel", moving.geometry, fixed.geometry),
        fixed.array.shape,
    )
    assert np.abs(wrong - fixed.array).max() > 0.9


def test_two_dimensions_are_the_plane_of_x_and_y():
    move = wk.Translation(np.array([[3.0, 4.0]]), frame="world")
    np.testing.assert_array_equal(wk.to_ras(move)[:3, 3], [-3.0, -4.0, 0.0])


def test_wrong_arguments():
    with pytest.raises(ValueError, match="matrix: expected a last row of zeros and a 1"):
        wk.from_ras(np.ones((4, 4)))
    with pytest.raises(ValueError, match="transform: expected the frame 'world'"):
        wk.to_ras(wk.Affine.identity(3))
