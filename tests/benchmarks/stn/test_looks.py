"""Scenes hold the signs that their classes say, and looks stay on them."""

import numpy as np
import pytest

from benchmarks.stn.looks import BUDGET, CROP, STARTS, Attentions, Looks, Pairs, make_network
from benchmarks.stn.networks import count_parameters
from benchmarks.stn.sign_scenes import SCENE, SIGN, SIGNS, Pictures, Signs, draw_corners, draw_scenes

MODELS = Looks().models


def plain_signs():
    """Pictures of one value each, which says what they show: 1 to 8 and 11 to 18."""

    def pictures(values):
        return np.broadcast_to(np.array(values, np.float32)[:, None, None, None], (len(values), 3, 32, 32))

    kinds = [Pictures(pictures(range(first, first + 8)), np.arange(8)) for first in (1, 11)]
    return Signs(*kinds)


def test_scenes_hold_the_signs_of_their_class():
    batch = draw_scenes(plain_signs(), 200, np.random.default_rng(0))
    assert batch.inputs.shape == (200, 3, *SCENE)
    for scene, target in zip(batch.inputs, batch.targets, strict=True):
        rule, advice = divmod(target, SIGNS[1])
        values, counts = np.unique(scene[0].round(4), return_counts=True)
        assert values.tolist() == [0, 1 + rule, 11 + advice]
        assert (counts[1:] == SIGN**2).all()  # both whole


def test_corners_are_everywhere():
    corners = np.stack(draw_corners(20000, np.random.default_rng(0)))
    assert corners.min() == 0
    assert corners.max() == SCENE[0] - SIGN
    assert (np.abs(corners[0] - corners[1]).max(axis=1) >= SIGN).all()
    np.testing.assert_allclose(corners.mean(axis=1), (SCENE[0] - SIGN) / 2, atol=0.5)


@pytest.mark.parametrize("model", MODELS)
def test_budget_and_shapes(model):
    network = make_network(model, 0.3, np.random.default_rng(0))
    assert 0.9 * BUDGET < count_parameters(network) <= BUDGET
    assert network(np.zeros((2, 3, *SCENE), np.float32)).shape == (2, SIGNS[0] * SIGNS[1])
    assert set(network.learning_rate_factors().values()) == ({1.0} if model == "CNN" else {0.3, 1.0})


def test_a_pair_is_as_probable_as_both_its_signs():
    logits = np.random.default_rng(0).normal(size=(5, sum(SIGNS)))

    def softmax(x):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

    one, other = softmax(logits[:, : SIGNS[0]]), softmax(logits[:, SIGNS[0] :])
    expected = (one[:, :, None] * other[:, None, :]).reshape(5, -1)
    np.testing.assert_allclose(softmax(Pairs()(logits)), expected)


@pytest.mark.parametrize("count", STARTS)
def test_looks_begin_at_their_starts_and_stay_on_the_scene(count):
    rng = np.random.default_rng(0)
    look = Attentions(count, 0.3, rng)
    scenes = rng.normal(size=(50, 3, *SCENE)).astype(np.float32)
    for attention, start in zip(look.localize(scenes), STARTS[count], strict=True):
        np.testing.assert_allclose(attention.translation.data, np.tile(start, (50, 1)), atol=1e-6)
    look.regression.weight.data += 3 * rng.normal(size=look.regression.weight.shape).astype(np.float32)
    ends = np.array([[-1.0, -1.0], [1.0, 1.0]])
    reached = np.concatenate([attention(ends).data for attention in look.localize(scenes)])
    assert np.abs(reached).max() <= 1
    assert np.abs(reached).max() > 0.9
    assert all(crop.shape == (50, 3, *CROP) for crop in look(scenes))


def test_a_network_that_is_not_there():
    with pytest.raises(ValueError, match="3xST-CNN"):
        make_network("3xST-CNN", 0.3, np.random.default_rng(0))


@pytest.mark.parametrize(("model", "rows"), [("2xST-CNN", 3), ("CNN", 1)])
def test_a_picture(model, rows):
    """A row of scenes, and of what each look sees."""
    network = make_network(model, 0.3, np.random.default_rng(0))
    scenes = np.random.default_rng(1).normal(size=(4, 3, *SCENE)).astype(np.float32)
    figure = Looks().picture(network, scenes)
    assert len(figure.axes) == 4 * rows
    assert len(figure.axes[0].lines) == rows - 1
