"""torch's thetas and grids, against torch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import warpkit as wk

from .maps import SEEDS

torch = pytest.importorskip("torch", reason="compares with torch")
F = torch.nn.functional
SHAPES = {2: (7, 9), 3: (4, 5, 6)}
CASES = {"ndim": st.integers(2, 3), "align_corners": st.booleans(), "seed": SEEDS}


def drawn(ndim, align_corners, seed, n=2):
    rng = np.random.default_rng(seed)
    transform = wk.Affine.random(rng, ndim, n=n, frame="corners" if align_corners else "normalized")
    image = rng.standard_normal((n, 2, *SHAPES[ndim]))
    out = tuple(rng.integers(2, 8, ndim).tolist())
    return transform, image, out


@given(**CASES)
def test_theta(ndim, align_corners, seed):
    """torch computes in its own order: a few roundings."""
    transform, image, out = drawn(ndim, align_corners, seed)
    theta = torch.from_numpy(wk.to_torch(transform, align_corners=align_corners)).requires_grad_()
    size = [*image.shape[:2], *out]
    grid = F.affine_grid(theta, size, align_corners=align_corners)
    theirs = F.grid_sample(torch.from_numpy(image), grid, align_corners=align_corners).detach().numpy()
    found = wk.from_torch(theta, align_corners=align_corners)
    np.testing.assert_array_equal(found.theta, transform.theta)
    np.testing.assert_allclose(wk.warp(image, found, out), theirs, atol=1e-11)


@given(**CASES)
def test_grid(ndim, align_corners, seed):
    transform, image, out = drawn(ndim, align_corners, seed)
    grid = wk.to_torch(transform, align_corners=align_corners, shape=out)
    theirs = F.grid_sample(
        torch.from_numpy(image), torch.from_numpy(grid), align_corners=align_corners
    ).numpy()
    np.testing.assert_allclose(theirs, wk.warp(image, transform, out), atol=1e-11)
    found = wk.from_torch(torch.from_numpy(grid), align_corners=align_corners)
    assert isinstance(found, wk.Displacement)
    np.testing.assert_allclose(found.grid(out), grid, rtol=0, atol=1e-15)


@pytest.mark.parametrize("align_corners", [False, True])
def test_the_frame_is_not_taken_for_the_other(align_corners):
    transform = wk.Affine.identity(2, frame="normalized" if align_corners else "corners")
    with pytest.raises(ValueError, match="transform: expected the frame"):
        wk.to_torch(transform, align_corners=align_corners)


def test_float32_stays():
    theta = torch.eye(2, 3)[None]
    assert wk.from_torch(theta, align_corners=False).theta.dtype == np.float32
    grid = F.affine_grid(theta, [1, 1, 3, 4], align_corners=False)
    assert wk.from_torch(grid, align_corners=False).field.dtype == np.float32


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"theta_or_grid: expected shape \(n, 2, 3\)"):
        wk.from_torch(torch.zeros(3, 4), align_corners=True)
    with pytest.raises(TypeError, match="theta_or_grid: expected a floating dtype, given int64"):
        wk.from_torch(torch.zeros(1, 2, 3, dtype=torch.int64), align_corners=True)
    with pytest.raises(TypeError, match="theta_or_grid: expected a tensor or an array"):
        wk.from_torch([[1.0]], align_corners=True)
    with pytest.raises(TypeError, match="an affine map"):
        wk.to_torch(wk.Displacement.identity((3, 3)), align_corners=False)
