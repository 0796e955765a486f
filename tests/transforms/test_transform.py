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


# ---- the world ---------------------------------------------------------------------------------------------

TILT = ((0.6, -0.8), (0.8, 0.6))
IN = wk.Geometry((20, 30), spacing=(0.5, 2.0), origin=(3.0, -1.0), direction=TILT)
OUT = wk.Geometry((40, 25), spacing=(1.5, 0.7), origin=(-8.0, 2.0))


def places(geometry, pixels):
    return pixels @ geometry.matrix[:2, :2].T + geometry.matrix[:2, 2]


@pytest.mark.parametrize(
    "kind", [wk.Translation, wk.Rigid, wk.Similarity, wk.Attention, wk.Affine, wk.Projective]
)
@pytest.mark.parametrize("frame", ["pixel", "normalized", "corners"])
def test_to_the_world_and_back(kind, frame):
    """The same places: of pixels of the output, to those of the input."""
    rng = np.random.default_rng(0)
    transform = kind.random(rng, 2, n=2, frame=frame)
    in_world = transform.to_frame("world", IN, OUT)
    assert in_world.frame == "world"
    pixels = rng.uniform(0, 20, (7, 2))
    expected = transform.to_frame("pixel", IN.shape, OUT.shape)(pixels)
    np.testing.assert_allclose(in_world(places(OUT, pixels)), places(IN, expected), rtol=1e-9, atol=1e-9)
    back = in_world.to_frame(frame, IN, OUT)
    own = rng.uniform(-0.5, 0.5, (7, 2))
    np.testing.assert_allclose(back(own), transform(own), rtol=1e-9, atol=1e-9)


def test_the_world_in_three_dimensions():
    rng = np.random.default_rng(0)
    spaces = [wk.Geometry((6, 7, 8), spacing=(1, 2, 3)), wk.Geometry((5, 9, 4), origin=(1, 2, 3))]
    transform = wk.Rigid.random(rng, 3, frame="pixel")
    in_world = transform.to_frame("world", *spaces)
    point = np.array([[2.0, 1.0, 3.0]])
    expected = transform(point)[0] * [1, 2, 3]
    np.testing.assert_allclose(in_world(point + np.array([1, 2, 3]))[0], expected)


def test_maps_of_the_world_keep_their_class():
    turn = wk.Rigid(np.array([0.3]), np.zeros((1, 2)), frame="world")
    assert turn.to_frame("world", IN, OUT) is turn
    assert isinstance(turn.inverse(), wk.Rigid)
    with pytest.raises(ValueError, match="frame"):
        turn @ wk.Rigid.identity(2, frame="pixel")


def test_what_the_world_needs():
    transform = wk.Affine.identity(2, frame="pixel")
    with pytest.raises(TypeError, match='in_space: expected a Geometry, to or from the frame "world"'):
        transform.to_frame("world", (20, 30))
    with pytest.raises(ValueError, match="in_space"):
        transform.to_frame("world", wk.Geometry((2, 3, 4)))
    with pytest.raises(ValueError, match='to_frame\\("pixel", in_space, out_space\\)'):
        wk.warp(np.zeros((20, 30)), wk.Affine.identity(2, frame="world"))
    field = wk.Displacement(np.zeros((1, 4, 4, 2)), frame="pixel")
    with pytest.raises(TypeError, match="transform: expected an affine map or a Projective"):
        field.to_frame("world", wk.Geometry((4, 4)))


def test_the_world_is_differentiable():
    def where(theta):
        return wk.Affine(theta, frame="world").to_frame("pixel", IN, OUT)(np.ones((1, 2))).sum()

    theta = np.array([[[1.0, 0.1, 2.0], [0.0, 0.9, 1.0]]])
    _, gradient = wk.value_and_grad(where)(theta)
    h = 1e-6
    step = np.zeros_like(theta)
    step[0, 0, 1] = h
    slope = (float(where(theta + step)) - float(where(theta - step))) / (2 * h)
    np.testing.assert_allclose(gradient[0, 0, 1], slope, rtol=1e-6)
