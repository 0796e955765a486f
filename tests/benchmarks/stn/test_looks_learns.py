"""A short run: looks come to the signs, and do not where their gradient has the wrong sign."""

import numpy as np
import pytest

from benchmarks.stn import looks
from benchmarks.stn.looks import Looks
from benchmarks.stn.plan import Plan
from benchmarks.stn.training import Training

pytestmark = pytest.mark.slow


def error_after_training():
    """After the first 900 iterations of 3000: the learning rate has hardly fallen."""
    experiment = Looks()
    rate, factor = experiment.learning_rate, experiment.localizer_factor
    plan = Plan("looks", "2xST-CNN", "attention", 0, 3000, 32, rate, factor)
    training = Training.begin(plan, experiment, np.asarray)
    while training.iteration < 900:
        training.step()
    return experiment.evaluate(training.network, np.asarray)["error"]


def test_two_looks_learn(data):
    """The error was 50 %."""
    del data
    assert error_after_training() < 70


def test_a_wrong_sign_is_noticed(data, monkeypatch):
    """The same places, and the negative gradient by them: the error was 91 %."""
    del data
    right = looks.tanh
    monkeypatch.setattr(looks, "tanh", lambda r: right(r.data * 2.0 - r))
    assert error_after_training() > 70
