"""Matrices to classes and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import warpkit as wk
from warpkit.exchange._matrices import (
    affine_matrix,
    affine_of,
    homogeneous,
    numbers,
    projective_of,
    reversed_axes,
    rigid_of,
    similarity_of,
)

from .maps import SEEDS

MAKERS = {
    wk.Rigid: rigid_of,
    wk.Similarity: similarity_of,
    wk.Affine: affine_of,
    wk.Projective: projective_of,
}


@given(kind=st.sampled_from(list(MAKERS)), ndim=st.integers(2, 3), seed=SEEDS)
def test_round_trip(kind, ndim, seed):
    transform = kind.random(np.random.default_rng(seed), ndim, frame="pixel")
    matrix = homogeneous(transform, "pixel")
    again = MAKERS[kind](matrix, "pixel")
    assert type(again) is kind
    np.testing.assert_allclose(homogeneous(again, "pixel"), matrix, atol=1e-14)


@given(ndim=st.integers(1, 3), seed=SEEDS)
def test_opposite_order(ndim, seed):
    rng = np.random.default_rng(seed)
    matrix, point = rng.standard_normal((ndim + 1, ndim + 1)), rng.standard_normal(ndim)
    there = matrix @ [*point, 1.0]
    back = reversed_axes(matrix) @ [*point[::-1], 1.0]
    np.testing.assert_allclose(back, [*there[-2::-1], there[-1]], atol=1e-14)
    np.testing.assert_array_equal(reversed_axes(reversed_axes(matrix)), matrix)


def test_variables_are_read():
    theta = wk.Variable(np.eye(2, 3)[None])
    np.testing.assert_array_equal(homogeneous(wk.Affine(theta, frame="pixel"), "pixel"), np.eye(3))


def test_float32_is_near_enough_to_a_rotation():
    transform = wk.Rigid.random(np.random.default_rng(0), 3, frame="pixel")
    matrix = homogeneous(transform, "pixel").astype(np.float32).astype(np.float64)
    np.testing.assert_allclose(rigid_of(matrix, "pixel").rotation, transform.rotation, atol=1e-6)


def test_wrong_transforms():
    with pytest.raises(TypeError, match="transform: expected an affine map or a Projective, given"):
        homogeneous(wk.Displacement.identity((3, 3)), "normalized")
    with pytest.raises(TypeError, match="transform: expected an affine map, given"):
        affine_matrix(wk.Projective.identity(2), "normalized")
    with pytest.raises(
        ValueError, match=r"\(transform.to_frame\('pixel', in_space, out_space\), with the two shapes\)"
    ):
        homogeneous(wk.Affine.identity(2), "pixel")
    with pytest.raises(ValueError, match="with the two geometries"):
        homogeneous(wk.Affine.identity(2, frame="world"), "pixel")
    with pytest.raises(ValueError, match="a batch of 1, given a batch of 3"):
        homogeneous(wk.Affine.identity(2, n=3, frame="pixel"), "pixel")


def test_wrong_numbers():
    with pytest.raises(TypeError, match=r"matrix: expected an array of real numbers, given builtins.str"):
        numbers("matrix", "matrix", ((2, 3),))
    with pytest.raises(ValueError, match=r"matrix: expected shape \(2, 3\) or \(3, 3\), given shape \(2,\)"):
        numbers("matrix", [1, 2], ((2, 3), (3, 3)))
    with pytest.raises(ValueError, match="matrix: expected finite numbers"):
        numbers("matrix", [np.inf], ((1,),))
    with pytest.raises(ValueError, match="matrix: expected a last row"):
        affine_of(np.ones((3, 3)), "pixel")
