import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warpkit.grids import frame_scales
from warpkit.testing import strategies


@given(
    data=st.data(),
    ndim=st.integers(1, 3),
    n=st.integers(0, 2),
    frame=st.sampled_from(["normalized", "pixel"]),
)
def test_grids_keep_off_kinks_and_near_the_image(data, ndim, n, frame):
    shape = data.draw(strategies.shapes(ndim))
    grid = data.draw(strategies.grids(shape, (2,) * ndim, n, frame=frame))
    assert grid.shape == (n, *(2,) * ndim, ndim)
    scales, offsets = frame_scales(shape, frame)
    pixels = grid * np.array(scales) + np.array(offsets)
    assert np.all(np.abs(2 * pixels - np.round(2 * pixels)) > 0.19)
    assert np.all((pixels >= -2) & (pixels <= np.array(shape[::-1]) + 2))


@given(strategies.grids((4, 5), (2, 2), frame="pixel", kinks=True))
def test_grids_at_kinks(grid):
    np.testing.assert_array_equal(2 * grid, np.round(2 * grid))


@given(strategies.images((3, 4), 2, 3, np.float32), strategies.images((2,), dtype=np.uint8))
def test_images(image, integers):
    assert image.shape == (2, 3, 3, 4)
    assert image.dtype == np.float32
    assert np.abs(image).max() <= 1
    assert integers.dtype == np.uint8


@given(strategies.thetas(3, 2), strategies.thetas(2, projective=True))
def test_thetas_are_invertible(affine, projective):
    assert affine.shape == (2, 3, 4)
    assert np.all(np.abs(np.linalg.det(affine[..., :3])) > 1e-3)
    assert projective.shape == (1, 3, 3)
    corners = np.array([[x, y, 1.0] for x in (-1, 1) for y in (-1, 1)])
    assert np.all(corners @ projective[0, -1] > 0)


@pytest.mark.parametrize("module", ["warpkit.testing", "warpkit.testing.strategies"])
def test_import_needs_no_hypothesis(module):
    code = f"import sys, {module}; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
