"""Short runs: a transformer must help, and does not where its gradient has the wrong sign."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.stn.distorted import distorted_digits
from benchmarks.stn.training import Training
from warpkit.nn import _families
from warpkit.nn._families import FAMILIES

pytestmark = pytest.mark.slow

ITERATIONS = 800


def error_after_training(column, model):
    experiment = distorted_digits()[column]
    plan = experiment.plan(column, model, "affine", 0, ITERATIONS)
    training = Training.begin(plan, experiment, np.asarray)
    while training.iteration < plan.iterations:
        training.step()
    return experiment.evaluate(training.network, np.asarray)["error"]


@pytest.fixture(scope="module")
def plain(data):
    """FCN's errors."""
    del data
    return {column: error_after_training(column, "FCN") for column in ("R", "RTS")}


@pytest.mark.parametrize(("column", "most"), [("R", 0.9), ("RTS", 0.5)])
def test_a_transformer_helps(column, most, plain):
    """The errors were 0.79 and 0.25 of FCN's; with the wrong sign they are above it."""
    assert error_after_training(column, "ST-FCN") < most * plain[column]


@pytest.mark.parametrize("column", ["R", "RTS"])
def test_a_wrong_sign_is_noticed(column, plain, monkeypatch):
    """The same values, and the negative gradient by the parameters."""
    affine = FAMILIES["affine"]

    def transform(parameters, shape, frame):
        return affine.transform(parameters.data * 2.0 - parameters, shape, frame)

    monkeypatch.setitem(_families.FAMILIES, "affine", replace(affine, transform=transform))
    assert error_after_training(column, "ST-FCN") > plain[column]
