import numpy as np
import pytest

import warpkit as wk
from benchmarks.cases import Case
from benchmarks.inputs import affine, affine_points, make_inputs, pixel_theta

CASES = [
    Case("grid_sample", ("image", "grid"), (2, 3, 5, 9)),
    Case("grid_sample", (), (2, 1, 4, 5, 6), angle=1.2, zoom=1.5),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_grid_is_that_of_theta(case):
    grid = make_inputs(case)["grid"]
    assert grid.dtype == np.float32
    theta = affine(case).astype(np.float64)
    np.testing.assert_allclose(grid, wk.affine_grid(theta, case.shape[2:]), atol=1e-7)  # one rounding


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pixel_theta_is_the_same_map(case):
    theta, spatial = affine(case).astype(np.float64), case.shape[2:]
    points = np.random.default_rng(0).standard_normal((2, 7, case.ndim))
    moved = points @ theta[:, :, :-1].transpose(0, 2, 1) + theta[:, None, :, -1]
    pixels = wk.convert_points(points, spatial, "normalized", "pixel")
    in_pixels = pixel_theta(theta, spatial)
    found = pixels @ in_pixels[:, :-1, :-1].transpose(0, 2, 1) + in_pixels[:, None, :-1, -1]
    np.testing.assert_allclose(found, wk.convert_points(moved, spatial, "normalized", "pixel"), atol=1e-12)


def test_no_turn_is_the_identity():
    case = Case("grid_sample", (), (1, 1, 4, 6), angle=0.0)
    np.testing.assert_array_equal(affine(case), np.eye(2, 3)[None])
    np.testing.assert_array_equal(
        affine_points(affine(case), (4, 6)), wk.identity_grid((4, 6)).astype(np.float32)
    )


def test_images_are_within_0_and_1_and_differ_by_channel():
    image = make_inputs(CASES[0])["image"]
    assert image.shape == CASES[0].shape
    assert image.min() >= 0
    assert image.max() <= 1
    assert len(np.unique(image[:, :, 0, 0])) == 6


def test_control_points_do_not_fold():
    """The warped lattice keeps its order along both axes."""
    inputs = make_inputs(Case("warp_tps", (), (1, 1, 8, 8), control_points=100))
    moved = inputs["theta"].reshape(10, 10, 2)
    assert (np.diff(moved[..., 0], axis=1) > 0).all()
    assert (np.diff(moved[..., 1], axis=0) > 0).all()
