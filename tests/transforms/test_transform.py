"""What all transform classes share; their laws are in test_laws.py."""

import pickle

import numpy as np
import pytest

import warpkit as wk
from warpkit.transforms import AbstractTransform


def test_abstract_classes_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        AbstractTransform()


def test_fields_are_stored_as_given():
    theta = wk.Variable(np.eye(2, 3)[None])
    assert wk.Affine(theta).theta is theta
    array = np.eye(2, 3)[None]
    assert wk.Affine(array).theta is array


def test_frozen_and_compared_by_identity():
    transform = wk.Affine.identity(2)
    with pytest.raises(AttributeError):
        transform.theta = None
    assert transform == transform
    assert transform != wk.Affine.identity(2)
    assert len({transform, transform}) == 1


def test_pickle():
    transform = wk.Similarity.random(np.random.default_rng(0), 3, n=2, frame="pixel")
    back = pickle.loads(pickle.dumps(transform))
    np.testing.assert_array_equal(back.to_affine().theta, transform.to_affine().theta)
    assert back.frame == "pixel"


def test_of():
    """The same map as one of a class that holds it."""
    rng = np.random.default_rng(1)
    points = rng.uniform(-1, 1, (4, 2))
    similarity = wk.Similarity.random(rng, 2, n=2)
    for source in (
        wk.Translation.random(rng, 2),
        wk.Attention.random(rng, 2),
        wk.Rigid.random(rng, 2),
        similarity,
    ):
        for kind in (wk.Similarity, wk.Affine, wk.Projective):
            lifted = kind.of(source)
            assert type(lifted) is kind
            np.testing.assert_allclose(lifted(points), source(points), rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(source.to_projective()(points), source(points), rtol=1e-13, atol=1e-15)
    assert wk.Affine.of(similarity.to_affine()).theta is not None
    with pytest.raises(TypeError, match=r"transform: expected one of Translation, Rigid, given .*Similarity"):
        wk.Rigid.of(similarity)
    with pytest.raises(TypeError, match="transform: expected one of AbstractAffine, Affine"):
        wk.Affine.of(wk.Projective.identity(2))


@pytest.mark.parametrize(
    ("outer", "inner", "product"),
    [
        (wk.Translation, wk.Attention, wk.Attention),
        (wk.Rigid, wk.Translation, wk.Rigid),
        (wk.Rigid, wk.Attention, wk.Similarity),
        (wk.Similarity, wk.Affine, wk.Affine),
        (wk.Projective, wk.Translation, wk.Projective),
        (wk.Affine, wk.ThinPlateSpline, wk.ThinPlateSpline),
        (wk.ThinPlateSpline, wk.Rigid, wk.ThinPlateSpline),
        (wk.ThinPlateSpline, wk.Projective, wk.Composed),
        (wk.Displacement, wk.Translation, wk.Composed),
    ],
    ids=lambda cls: cls.__name__,
)
def test_simplest_class(outer, inner, product):
    rng = np.random.default_rng(2)
    assert type(outer.random(rng, 2) @ inner.random(rng, 2)) is product


def test_to_the_same_frame_is_itself():
    transform = wk.Affine.identity(2)
    assert transform.to_frame("normalized", (3, 4)) is transform


def test_ndim():
    with pytest.raises(ValueError, match="ndim: expected 1, 2 or 3, given 4"):
        wk.Affine.identity(4)
    with pytest.raises(ValueError, match="ndim: expected 2 or 3, given 1"):
        wk.Rigid.identity(1)
    assert wk.Affine.identity(1)(np.array([[0.5]])) == 0.5
