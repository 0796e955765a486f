"""OpenCV's matrices, against OpenCV."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import warpkit as wk

from .maps import AFFINE_CLASSES, MATRIX_CLASSES, SEEDS, interior, of_pixels, points_in, smooth

cv2 = pytest.importorskip("cv2", reason="compares with OpenCV")
SHAPE, OUT = (40, 50), (36, 55)

# warpAffine rounds coordinates to 1/32 pixel, along both axes; between neighbouring pixels the picture
# changes by at most this.
STEP = max(np.abs(np.diff(smooth(SHAPE), axis=axis)).max() for axis in (0, 1))
TOLERANCE = 2 * STEP / 32


def cv2_points(matrix, points):
    """As OpenCV maps them."""
    map_points = cv2.transform if len(matrix) == 2 else cv2.perspectiveTransform
    return map_points(points[None], matrix)[0]


def cv2_warp(matrix, flags):
    warp = cv2.warpAffine if len(matrix) == 2 else cv2.warpPerspective
    return warp(smooth(SHAPE), matrix, OUT[::-1], flags=cv2.INTER_LINEAR | flags)


@given(kind=st.sampled_from([wk.Affine, wk.Projective]), seed=SEEDS)
def test_points_go_where_opencv_takes_them(kind, seed):
    theta = of_pixels(kind, SHAPE, seed).theta[0]
    points = points_in(SHAPE, seed)
    found = wk.from_opencv(theta, direction="output_to_input")
    assert type(found) is kind
    np.testing.assert_allclose(found(points)[0], cv2_points(theta, points), rtol=0, atol=1e-10)
    back = wk.from_opencv(theta, direction="input_to_output")
    np.testing.assert_allclose(back(cv2_points(theta, points))[0], points, rtol=0, atol=1e-9)


@given(kind=st.sampled_from(MATRIX_CLASSES), seed=SEEDS)
def test_opencv_warps_as_warpkit_does(kind, seed):
    """With the flag by the matrix from output to input, without it by the other one."""
    transform = of_pixels(kind, SHAPE, seed)
    inside = interior(transform, SHAPE, OUT)
    ours = wk.warp(smooth(SHAPE), transform, OUT)
    for direction, flags in (("output_to_input", cv2.WARP_INVERSE_MAP), ("input_to_output", 0)):
        theirs = cv2_warp(wk.to_opencv(transform, direction=direction), flags)
        assert np.abs(ours - theirs)[inside].max(initial=0) <= TOLERANCE


@given(kind=st.sampled_from(AFFINE_CLASSES), seed=SEEDS)
def test_round_trip_of_affine_maps(kind, seed):
    transform = of_pixels(kind, SHAPE, seed)
    for direction, atol in (("output_to_input", 0), ("input_to_output", 1e-9)):
        matrix = wk.to_opencv(transform, direction=direction)
        assert matrix.shape == (2, 3)
        again = wk.from_opencv(matrix, direction=direction)
        np.testing.assert_allclose(again.theta, transform.to_affine().theta, rtol=0, atol=atol)


def test_ecc_estimates_what_a_warp_takes():
    """The template is the fixed image, and the picture has moved to where it was found, not the other way."""
    moving = smooth((120, 140), seed=3)
    truth = wk.Translation(np.array([[4.0, -2.5]]), frame="pixel")
    fixed = wk.warp(moving, truth, boundary="border")
    _, matrix = cv2.findTransformECC(
        fixed.astype(np.float32),
        moving.astype(np.float32),
        np.eye(2, 3, dtype=np.float32),
        cv2.MOTION_TRANSLATION,
    )
    found = wk.from_opencv(matrix, direction="output_to_input").theta[0, :, 2]
    np.testing.assert_allclose(found, truth.translation[0], atol=0.05)


def test_homography_between_marked_points():
    truth = of_pixels(wk.Projective, SHAPE, 5)
    fixed = points_in(SHAPE, 6)
    moving = truth(fixed)[0]
    one_way, _ = cv2.findHomography(fixed, moving)
    other_way, _ = cv2.findHomography(moving, fixed)
    for matrix, direction in ((one_way, "output_to_input"), (other_way, "input_to_output")):
        np.testing.assert_allclose(wk.from_opencv(matrix, direction=direction)(fixed)[0], moving, atol=1e-6)


def test_a_homography_whose_origin_is_beyond_the_horizon():
    """Its inverse is of two parts, and still has the matrix that OpenCV wants."""
    theta = np.array(
        [[1.0, 0.0, 100.0], [0.0, 1.0, 0.0], [0.02, 0.0, 1.0]]
    )  # nothing is mapped near the origin
    transform = wk.Projective(theta[None], frame="pixel")
    back = transform.inverse()
    assert isinstance(back, wk.Composed)
    matrix = wk.to_opencv(back, direction="output_to_input")
    points = points_in(SHAPE, 7)
    np.testing.assert_allclose(cv2_points(matrix, cv2_points(theta, points)), points, atol=1e-9)
    again = wk.from_opencv(theta, direction="input_to_output")
    np.testing.assert_allclose(again(transform(points)), points[None], atol=1e-9)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.eye(4), r"matrix: expected shape \(2, 3\) or \(3, 3\), given shape \(4, 4\)"),
        (np.full((2, 3), np.nan), "matrix: expected finite numbers"),
    ],
)
def test_wrong_matrices(matrix, message):
    with pytest.raises(ValueError, match=message):
        wk.from_opencv(matrix, direction="output_to_input")


def test_wrong_transforms():
    with pytest.raises(ValueError, match="direction: expected one of 'output_to_input', 'input_to_output'"):
        wk.from_opencv(np.eye(3), direction="forward")
    with pytest.raises(ValueError, match="transform: expected the frame 'pixel'"):
        wk.to_opencv(wk.Affine.identity(2), direction="output_to_input")
    with pytest.raises(ValueError, match="transform: expected two dimensions, given 3"):
        wk.to_opencv(wk.Affine.identity(3, frame="pixel"), direction="output_to_input")
    with pytest.raises(ValueError, match="expected an invertible matrix"):
        wk.from_opencv(np.zeros((2, 3)), direction="input_to_output")
