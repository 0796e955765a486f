"""Traffic signs: no track in two parts, contrast that does not depend on light, equal budgets."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.stn.classification import percent_wrong
from benchmarks.stn.networks import count_parameters
from benchmarks.stn.signs import (
    BUDGET,
    CLASSES,
    SIDES,
    Signs,
    hide,
    in_pieces,
    in_validation,
    normalize,
    signs,
    vary,
)
from benchmarks.stn.training import Training
from warpkit.nn import _families
from warpkit.nn._families import FAMILIES


def plan(model, iterations=1):
    return Signs().plan("signs", model, "affine", 0, iterations)


def test_no_track_is_in_two_parts(data):
    with np.load(data / "gtsrb" / "gtsrb32_train_every3rd.npz") as file:
        track, labels = file["track"], file["y"]
    held_out = in_validation(track)
    tracks = [{tuple(t) for t in track[part, :2]} for part in (held_out, ~held_out)]
    assert not tracks[0] & tracks[1]
    assert all(tracks)
    assert set(labels[held_out]) == set(labels[~held_out]) == set(range(CLASSES))
    np.testing.assert_array_equal(track[:, 0], labels)  # or "track" would not be what it is taken for


def test_parts(data):
    del data
    parts = signs()
    assert len(parts.train.inputs) + len(parts.validation.inputs) == 13069
    assert 0.08 < len(parts.validation.inputs) / 13069 < 0.15
    assert parts.test.inputs.shape == (12630, 3, 32, 32)
    for part in (parts.train, parts.validation, parts.test):
        assert part.inputs.dtype == np.float32
        assert np.isfinite(part.inputs).all()
        assert len(part.inputs) == len(part.targets)
        assert 0.5 < part.inputs.std() < 1.5


def test_a_rectangle_of_half_the_images_is_hidden():
    images = np.ones((2000, 3, 32, 32), np.float32)
    hidden = hide(images, np.random.default_rng(0)) == 0
    assert (hidden == hidden[:, :1]).all()
    some = hidden.any(axis=(1, 2, 3))
    assert some.mean() == pytest.approx(0.5, abs=0.05)
    for rows in (hidden[some, 0].any(axis=1), hidden[some, 0].any(axis=2)):
        sides = rows.sum(axis=1)
        assert (sides.min(), sides.max()) == SIDES
        assert (abs(np.diff(rows, axis=1)).sum(axis=1) <= 2).all()  # in one piece
        assert rows.any(axis=0).all()  # anywhere
    areas = hidden[some, 0].sum(axis=(1, 2))
    np.testing.assert_array_equal(
        areas, hidden[some, 0].any(axis=1).sum(axis=1) * hidden[some, 0].any(axis=2).sum(axis=1)
    )


def test_brightness_and_contrast_do_not_matter():
    rng = np.random.default_rng(0)
    images = rng.integers(40, 120, (3, 32, 32, 3)).astype(np.uint8)
    np.testing.assert_allclose(normalize(2 * images + 15), normalize(images), atol=1e-4)
    assert (normalize(np.full((1, 32, 32, 3), 7, np.uint8)) == 0).all()  # and no division by 0


def test_contrast_in_a_shadow():
    """What has half the contrast has more than half of it in the end."""
    images = np.random.default_rng(0).integers(40, 120, (3, 32, 32, 3)).astype(np.uint8)
    images[:, :, 16:] //= 2
    found = normalize(images)
    assert found[..., 20:].std() > 0.6 * found[..., :12].std()
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), 0, atol=0.05)


def test_normalized_channels_stay_where_they_are():
    images = np.zeros((1, 32, 32, 3), np.uint8)
    images[0, 5, 9, 2] = 255
    found = normalize(images)
    assert found.shape == (1, 3, 32, 32)
    assert np.unravel_index(found.argmax(), found.shape) == (0, 2, 5, 9)


def test_varied_images_are_near(monkeypatch):
    """A spot in the middle moves no further than turning, stretching and shifting allow."""
    monkeypatch.setattr("benchmarks.stn.signs.hide", lambda images, rng: images)
    images = np.zeros((200, 1, 32, 32), np.float32)
    images[:, :, 15:17, 15:17] = 1
    varied = vary(images, np.random.default_rng(0))
    y, x = np.mgrid[:32, :32] - 15.5
    weight = varied[:, 0] / varied[:, 0].sum(axis=(1, 2), keepdims=True)
    places = np.stack([(weight * x).sum(axis=(1, 2)), (weight * y).sum(axis=(1, 2))])
    assert np.abs(places).max() < 0.15 * 16 / 0.85 * (np.cos(0.21) + np.sin(0.21)) + 0.5
    assert places.std(axis=1).min() > 1


@pytest.mark.parametrize("model", Signs.models)
def test_networks(model):
    network = Signs().network(plan(model), np.random.default_rng(0))
    assert 0.98 * BUDGET < count_parameters(network) <= BUDGET
    assert network(np.zeros((2, 3, 32, 32), np.float32)).shape == (2, CLASSES)
    factors = set(network.learning_rate_factors().values())
    assert factors == ({Signs.localizer_factor, 1.0} if model == "ST-CNN" else {1.0})


def test_the_official_test_images_are_the_first_figure(data, monkeypatch):
    del data
    experiment = Signs()
    network = experiment.network(plan("CNN"), np.random.default_rng(0))
    few = {
        name: replace(part, inputs=part.inputs[:600], targets=part.targets[:600])
        for name, part in vars(signs()).items()
    }
    monkeypatch.setattr("benchmarks.stn.signs.signs", lambda: replace(signs(), **few))
    figures = experiment.evaluate(network, np.asarray)
    assert list(figures) == ["error", "validation error"]
    assert figures["error"] == percent_wrong(network, in_pieces(few["test"]), np.asarray)
    assert figures["validation error"] == percent_wrong(network, in_pieces(few["validation"]), np.asarray)


# ---- short runs --------------------------------------------------------------------------------------------


def validation_error_after_training(model, iterations=240):
    training = Training.begin(plan(model, iterations), Signs(), np.asarray)
    while training.iteration < iterations:
        training.step()
    return percent_wrong(training.network, in_pieces(signs().validation), np.asarray)


@pytest.mark.slow
@pytest.mark.parametrize("model", Signs.models)
def test_it_learns(model, data):
    """The errors were 32 and 35 %."""
    del data
    assert validation_error_after_training(model) < 50


@pytest.mark.slow
def test_a_wrong_sign_is_noticed(data, monkeypatch):
    """The same values, and the negative gradient by the parameters: the error was 84 %."""
    del data
    affine = FAMILIES["affine"]

    def transform(parameters, shape, frame):
        return affine.transform(parameters.data * 2.0 - parameters, shape, frame)

    monkeypatch.setitem(_families.FAMILIES, "affine", replace(affine, transform=transform))
    assert validation_error_after_training("ST-CNN") > 60
