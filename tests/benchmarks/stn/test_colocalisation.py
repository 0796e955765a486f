"""What is found is what the boxes say; and ten trainings side by side are ten trainings."""

import numpy as np
import pytest

from benchmarks.stn import colocalisation as module
from benchmarks.stn.colocalisation import (
    CANVAS,
    SCALE,
    Colocalisation,
    boxes_at,
    draw_scenes,
    overlap,
    random_parts,
)
from benchmarks.stn.encoder import AROUND, CROP, PATCH, make_encoder
from benchmarks.stn.mnist import mnist
from benchmarks.stn.plan import Plan
from benchmarks.stn.training import Training
from warpkit import Variable
from warpkit.transforms import Attention
from warpkit.warping import warp

ITERATIONS = 120


def digits():
    """Images of noise, so that no two are alike, and their classes."""
    rng = np.random.default_rng(0)
    return rng.random((1000, 1, *CROP), np.float32), np.repeat(np.arange(10), 100)


def plan(experiment, iterations=ITERATIONS):
    return Plan(
        "colocalisation-T",
        "ST-CNN",
        "attention",
        0,
        iterations,
        experiment.batch_size,
        experiment.learning_rate,
        experiment.localizer_factor,
    )


def test_overlap():
    box = np.array([10.0, 20.0, 38.0, 48.0])
    others = box + np.array([[0, 0, 0, 0], [14, 0, 14, 0], [5, 5, 5, 5], [28, 0, 28, 0], [40, 40, 40, 40]])
    np.testing.assert_allclose(overlap(box, others), [1, 1 / 3, 529 / 1039, 0, 0])
    assert overlap(np.array([0.0, 0, 2, 2]), np.array([0.0, 0, 1, 4])) == 2 / 6


def test_a_crop_is_what_lies_in_its_box():
    images, labels = digits()
    scenes = draw_scenes(images, labels, pieces=0)
    middle = (scenes.boxes[..., :2] + scenes.boxes[..., 2:]) / np.array(CANVAS[::-1]) - 1
    np.testing.assert_allclose(boxes_at(middle), scenes.boxes)
    crops = warp(scenes.images[3], Attention(np.full(100, SCALE), middle[3]), CROP)
    distance = np.abs(crops[:, None] - images[labels == 3]).max(axis=(2, 3, 4))
    assert (distance.min(axis=1) < 1e-5).all()  # each crop is one of the digits
    assert (np.sort(distance.argmin(axis=1)) == np.arange(100)).all()  # and each digit one of the crops


def test_random_patches_are_parts_of_their_images():
    """Around crops that lie inside; beyond the image there is nothing."""
    place = np.arange(1, 1 + np.prod(CANVAS), dtype=np.float32).reshape(1, *CANVAS)
    images = np.stack([place + 1e4 * i for i in range(6)]).reshape(2, 3, 1, *CANVAS)
    patches = random_parts(images, AROUND, PATCH, np.random.default_rng(0))
    assert patches.shape == (2, 3, 1, *PATCH)
    crops = patches[..., 14:-14, 14:-14]
    first = crops[..., :1, :1]
    own = np.arange(CROP[0])[:, None] * CANVAS[1] + np.arange(CROP[1])
    np.testing.assert_array_equal(crops - first, np.broadcast_to(own, crops.shape))
    np.testing.assert_array_equal(first.ravel() // 1e4, np.arange(6))
    assert len(np.unique(first % 1e4)) > 1
    assert (patches == 0).any()


def test_a_picture():
    """Of each class the first image, with the box that is found."""
    experiment = Colocalisation(0)
    network = experiment.network(plan(experiment), np.random.default_rng(0))
    inputs = np.random.default_rng(1).random((10, 2, 1, *CANVAS), np.float32)
    figure = experiment.picture(network, inputs)
    assert len(figure.axes) == 20
    np.testing.assert_allclose(figure.axes[4].images[0].get_array(), inputs[4, 0, 0], atol=1e-3)
    box = figure.axes[4].lines[0].get_xydata() + 0.5
    np.testing.assert_allclose([*box.min(axis=0), *box.max(axis=0)], boxes_at(np.zeros(2)))


@pytest.mark.slow
def test_encodings(data):
    """Blank patches are nothing; digits of one class are closer than those of two."""
    del data
    encode = make_encoder(np)
    np.testing.assert_allclose(encode(np.zeros((2, 1, *PATCH), np.float32)).data, 0, atol=1e-4)
    images, labels = mnist().test_images, mnist().test_labels
    digits = np.pad(np.stack([images[labels == i][:50] for i in range(10)]), [(0, 0)] * 3 + [(14, 14)] * 2)
    encoded = encode(digits).data
    norms = np.linalg.norm(encoded, axis=-1)
    assert 0.7 < norms.mean() < norms.max() < 1
    within = 2 - 2 * (encoded * np.roll(encoded, 1, axis=1)).sum(axis=-1)
    between = 2 - 2 * (encoded * np.roll(encoded, 1, axis=0)).sum(axis=-1)
    assert within.mean() < 0.8 * between.mean()


def test_the_loss(monkeypatch):
    """Over all pairs, written out; the encoding is any."""
    rng = np.random.default_rng(0)
    found, random = (rng.normal(size=(2, 5, 4)) / 4 for _ in range(2))
    monkeypatch.setattr(module, "CLASSES", 2)
    monkeypatch.setattr(module, "make_encoder", lambda xp: lambda encoded: encoded)
    loss, share = Colocalisation(0).loss(Variable, found, random)
    hinges = [
        max(0, (2 - 2 * own[n] @ own[m]) - (2 - 2 * own[n] @ others[n]) + 1)
        for own, others in zip(found, random, strict=True)
        for n in range(5)
        for m in range(5)
        if m != n
    ]
    assert float(loss) == pytest.approx(2 * np.mean(hinges))
    assert share == np.mean([hinge > 0 for hinge in hinges])


@pytest.mark.slow
def test_no_network_hears_of_another(data):
    """The gradient of one is not changed by what another does."""
    del data
    experiment = Colocalisation(0)

    def gradients(other):
        network = experiment.network(plan(experiment), np.random.default_rng(0))
        for variable in network.parts[3].parameters():
            variable.data = variable.data + np.float32(other)
        batch = experiment.draw(np.random.default_rng(1), 4)
        experiment.loss(network, batch.inputs, batch.targets)[0].backward()
        return [[np.asarray(variable.grad) for variable in part.parameters()] for part in network.parts]

    for i, (one, two) in enumerate(zip(gradients(0.0), gradients(0.1), strict=True)):
        same = all((a == b).all() for a, b in zip(one, two, strict=True))
        assert same == (i != 3)


def found_after_training():
    experiment = Colocalisation(0)
    training = Training.begin(plan(experiment), experiment, np.asarray)
    while training.iteration < ITERATIONS:
        training.step()
    return experiment.evaluate(training.network, np.asarray)


@pytest.mark.slow
def test_digits_are_found(data):
    """95.7 %, on the machine on which this was written; 2.6 with the wrong sign below."""
    del data
    figures = found_after_training()
    assert next(iter(figures)) == "correct"
    assert figures["correct"] > 70


@pytest.mark.slow
def test_a_wrong_sign_is_noticed(data, monkeypatch):
    """The same places, and the negative gradient by them."""
    del data

    def attention(scale, middle):
        return Attention(scale, middle.data * 2.0 - middle)

    monkeypatch.setattr(module, "Attention", attention)
    assert found_after_training()["correct"] < 20
