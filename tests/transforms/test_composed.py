"""Compositions; their laws are in test_laws.py."""

import numpy as np
import pytest

import warpkit as wk


def test_flat_and_merged():
    """A chain of chains is one chain, and neighbours that one class holds are one transform."""
    rng = np.random.default_rng(0)
    field = wk.Displacement.random(rng, 2)
    affine, rigid = wk.Affine.random(rng, 2), wk.Rigid.random(rng, 2)
    chain = (field @ affine) @ (rigid @ field)
    assert [type(part) for part in chain.transforms] == [wk.Displacement, wk.Affine, wk.Displacement]
    points = rng.uniform(-1, 1, (5, 2))
    np.testing.assert_allclose(chain(points), field(affine(rigid(field(points)))), rtol=0, atol=1e-13)


@pytest.mark.parametrize("ndim", [2, 3])
def test_warp_through_images_of_other_shapes(ndim):
    """Input, output, and the image that the second field was made for, all differ."""
    rng = np.random.default_rng(1)
    first = wk.Displacement.random(rng, ndim, shape=(5, 7, 4)[:ndim])
    last = wk.Displacement.random(rng, ndim, shape=(6, 4, 5)[:ndim])
    chain = last @ wk.Affine.random(rng, ndim) @ first
    image = rng.standard_normal((8, 9, 7)[:ndim])
    out = wk.warp(image, chain, boundary="mirror")
    assert out.shape == first.shape
    expected = wk.grid_sample(image[None, None], chain.grid(first.shape), boundary="mirror")[0, 0]
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-11)
    shape = (3, 8, 6)[:ndim]
    out = wk.warp(image, chain, shape, boundary="mirror")
    moved = wk.Composed((*chain.transforms[:-1], first.resampled(shape)))
    expected = wk.grid_sample(image[None, None], moved.grid(shape), boundary="mirror")[0, 0]
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-11)


def test_inverse_is_exact_where_each_part_is():
    rng = np.random.default_rng(2)
    parts = (wk.Affine.random(rng, 2), wk.Projective.random(rng, 2))
    back = wk.Composed(parts).inverse()
    assert [type(part) for part in back.transforms] == [wk.Projective, wk.Affine]


def test_batches():
    rng = np.random.default_rng(3)
    chain = wk.Displacement.random(rng, 2) @ wk.Affine.random(rng, 2, n=3)
    assert chain.n == 3
    assert chain.grid((4, 5)).shape == (3, 4, 5, 2)


def test_bad_arguments():
    affine = wk.Affine.identity(2)
    with pytest.raises(TypeError, match=r"transforms: expected a tuple of transforms, given builtins\.list"):
        wk.Composed([affine])
    with pytest.raises(TypeError, match="transforms: expected a tuple of transforms"):
        wk.Composed((affine, np.eye(3)))
    with pytest.raises(ValueError, match="transforms: expected at least one transform"):
        wk.Composed(())
    with pytest.raises(ValueError, match="'normalized' and 'corners'"):
        wk.Composed((affine, wk.Affine.identity(2, frame="corners")))
    with pytest.raises(ValueError, match="expected one number of dimensions, given 2 and 3"):
        wk.Composed((affine, wk.Affine.identity(3)))
    with pytest.raises(ValueError, match="batch of"):
        wk.Composed((affine, wk.Affine.identity(2, n=2), wk.Affine.identity(2, n=3)))
