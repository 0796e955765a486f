"""The rules of fused warps: one derivative through the sampling, and no work that was not asked for."""

import numpy as np
import pytest

import warpkit as wk
from warpkit._core import _native
from warpkit.sampling import grid_sample
from warpkit.warping import _chain_rule

rng = np.random.default_rng(0)
IMAGE, THETA = rng.standard_normal((2, 1, 5, 6)), np.eye(2, 3) + rng.uniform(-0.2, 0.2, (2, 2, 3))


@pytest.mark.parametrize("needs", [(True, False), (False, True), (True, True), (False, False)])
def test_as_through_a_grid(needs):
    """The fused op's cotangents are those of the two ops that it fuses."""
    ct_out = rng.standard_normal(IMAGE.shape)
    grid = wk.affine_grid(THETA, (5, 6))
    ct_image, ct_grid = grid_sample.vjp(ct_out, IMAGE, grid)
    expected = ct_image, wk.affine_grid.vjp(ct_grid, THETA, (5, 6))[0]
    for need, found, ct in zip(
        needs, wk.warp_affine.vjp(ct_out, IMAGE, THETA, needs=needs), expected, strict=True
    ):
        assert (found is not None) == need
        if need:
            np.testing.assert_allclose(found, ct, rtol=1e-10, atol=1e-12)


def test_the_image_is_not_scattered_for_who_wants_theta(monkeypatch):
    """By the rule, which is what runs where no compiled kernel does."""
    monkeypatch.setattr(_native, "load", lambda: _native.Kernels(None, None, None, "switched off by a test"))
    asked = []
    vjp = grid_sample.vjp

    class Spy:
        def vjp(self, *args, needs, **options):
            asked.append(needs)
            return vjp(*args, needs=needs, **options)

    monkeypatch.setattr(_chain_rule, "grid_sample", Spy())
    wk.warp_affine.vjp(np.ones(IMAGE.shape), IMAGE, THETA, needs=(False, True))
    assert asked == [(False, True)]


def test_no_tangent_of_theta_means_that_nothing_moves():
    tan_image = rng.standard_normal(IMAGE.shape)
    out = wk.warp_affine.jvp((tan_image, None), IMAGE, THETA, fill_value=3.0)
    np.testing.assert_array_equal(out, wk.warp_affine(tan_image, THETA))
