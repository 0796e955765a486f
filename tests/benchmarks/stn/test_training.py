"""Interrupted training ends with the bits of training that was not; and what a plan decides."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.stn.experiment import AbstractExperiment, Batch
from benchmarks.stn.experiments import all_experiments
from benchmarks.stn.networks import Images, Transformer, make_network, transformers_of_input
from benchmarks.stn.plan import Plan
from benchmarks.stn.training import CURVE_EVERY, Training
from warpkit import nn

PLAN = Plan("quadrants", "ST-FCN", "affine", 3, 2 * CURVE_EVERY + 20, 8, 1e-3, 0.3)


class Quadrants(AbstractExperiment):
    """In which quarter of an image is the bright spot?"""

    models = ("FCN", "ST-FCN")
    transforms = ("affine",)

    def network(self, plan, rng):
        transformer = Transformer(plan.transform, (8, 8), plan.localizer_factor, plan.bound)
        return make_network(plan.model, Images(1, (8, 8), 4), transformer, rng)

    def draw(self, rng, count):
        images, quarters = rng.random((count, 1, 8, 8), np.float32), rng.integers(0, 4, count)
        for image, quarter in zip(images, quarters, strict=True):
            row, column = 4 * (quarter // 2), 4 * (quarter % 2)
            image[0, row : row + 4, column : column + 4] += 1
        return Batch(images, quarters)

    def loss(self, network, inputs, targets):
        logits = network(inputs)
        return nn.cross_entropy(logits, targets), float((logits.data.argmax(axis=1) != targets).mean())

    def evaluate(self, network, to_device):
        batch = self.draw(np.random.default_rng(0), 100)
        return {"error": 100 * self.loss(network, batch.inputs, batch.targets)[1]}


def run(training, until):
    while training.iteration < until:
        training.step()
    return training


def state_of(training):
    arrays = {**training.network.state_dict(), **training.optimizer.state_dict()}
    return {name: np.asarray(value).tobytes() for name, value in arrays.items()}


@pytest.fixture(scope="module")
def straight():
    return run(Training.begin(PLAN, Quadrants(), np.asarray), PLAN.iterations)


@pytest.mark.parametrize("stops", [[0], [1], [CURVE_EVERY - 1, CURVE_EVERY], [7, 8, 2 * CURVE_EVERY + 19]])
def test_resumed_training_has_the_same_bits(stops, straight, tmp_path):
    for stop in stops:
        training = Training.begin(PLAN, Quadrants(), np.asarray)
        if (tmp_path / "run.npz").exists():
            training.load(tmp_path / "run.npz")
        run(training, stop).save(tmp_path / "run.npz")
        training.step()  # killed in a later iteration: what it did is lost
    resumed = Training.begin(PLAN, Quadrants(), np.asarray)
    resumed.load(tmp_path / "run.npz")
    assert resumed.iteration == stops[-1]
    run(resumed, PLAN.iterations)
    assert state_of(resumed) == state_of(straight)
    assert resumed.curve == straight.curve
    assert len(straight.curve) == 2


def test_it_learns(straight):
    assert straight.experiment.evaluate(straight.network, np.asarray)["error"] < 10
    assert straight.curve[-1][1] < straight.curve[0][1]


def test_a_checkpoint_of_another_plan(tmp_path):
    Training.begin(PLAN, Quadrants(), np.asarray).save(tmp_path / "run.npz")
    other = Plan(**{**PLAN.record(), "learning_rate": 0.5})
    with pytest.raises(ValueError, match=r"run\.npz"):
        Training.begin(other, Quadrants(), np.asarray).load(tmp_path / "run.npz")


def test_seeds_draw_other_networks_and_other_data():
    other = Plan(**{**PLAN.record(), "seed": 4})
    one, two = (run(Training.begin(plan, Quadrants(), np.asarray), 1) for plan in (PLAN, other))
    assert state_of(one) != state_of(two)


def test_a_gradient_that_is_not_finite_stops_it():
    class Broken(Quadrants):
        def draw(self, rng, count):
            batch = super().draw(rng, count)
            return Batch(batch.inputs * np.float32(np.nan), batch.targets)

    with pytest.raises(FloatingPointError, match=r"step 0: .* op"):
        Training.begin(PLAN, Broken(), np.asarray).step()


def begin(**settings):
    return Training.begin(replace(PLAN, **settings), Quadrants(), np.asarray)


@pytest.mark.parametrize(("name", "kind"), [("SGD", nn.SGD), ("Adam", nn.Adam)])
def test_optimizer(name, kind):
    optimizer = begin(optimizer=name, weight_decay=0.25).optimizer
    assert type(optimizer) is kind
    assert optimizer.weight_decay == 0.25


def test_bound():
    training = begin(bound=0.125)
    transformers_of_input(training.network)[0].regression.bias.data += np.float32(9)
    matrix = (
        transformers_of_input(training.network)[0].localize(np.zeros((1, 1, 8, 8), np.float32)).theta.data
    )
    np.testing.assert_allclose(matrix - np.eye(2, 3), 0.125)


def test_outside_penalty():
    """It is a part of the loss, and its gradient pulls a transformer back that looks beyond the image."""
    losses, slopes = [], []
    for penalty in (0.0, 10.0):
        training = begin(outside_penalty=penalty)
        transformers_of_input(training.network)[0].regression.bias.data += np.array(
            [0, 0, 4, 0, 0, 0], np.float32
        )
        training.step()
        losses.append(training.since[0][0])
        slopes.append(float(transformers_of_input(training.network)[0].regression.bias.grad[2]))
    x = 4 + (np.arange(8) - 3.5) / 4
    assert losses[1] - losses[0] == pytest.approx(10 * ((x - 1) ** 2).mean(), rel=1e-5)
    assert slopes[1] - slopes[0] == pytest.approx(10 * 2 * (x - 1).mean(), rel=1e-5)


@pytest.mark.parametrize("option", ["bound", "outside_penalty"])
@pytest.mark.parametrize("name", ["looks", "colocalisation-T"])
def test_options_that_would_change_nothing(name, option):
    """These experiments' transformers have their own way of staying on the image."""
    experiment = all_experiments()[name]
    plan = experiment.plan(name, experiment.models[0], "attention", 0, 10, **{option: 0.5})
    with pytest.raises(ValueError, match=f"--{option}: expected none".replace("_", "-")):
        Training.begin(plan, experiment, np.asarray)
