"""Short runs: a transformer must help, and does not where its gradient has the wrong sign."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.stn.addition import Addition
from benchmarks.stn.distorted import distorted_digits
from benchmarks.stn.training import Training
from warpkit.nn import _families
from warpkit.nn._families import FAMILIES

pytestmark = pytest.mark.slow

COLUMNS = ("R", "RTS", "P", "E", "TC")
ITERATIONS = 800


def error_after_training(experiment, plan, iterations=ITERATIONS):
    training = Training.begin(plan, experiment, np.asarray)
    while training.iteration < iterations:
        training.step()
    return experiment.evaluate(training.network, np.asarray)["error"]


def error_on(column, model):
    experiment = distorted_digits()[column]
    return error_after_training(experiment, experiment.plan(column, model, "affine", 0, ITERATIONS))


def error_of_sums():
    """After the first 1500 iterations of 20000: the learning rate has hardly fallen."""
    experiment = Addition()
    plan = experiment.plan("addition", "2xST-FCN", "affine", 0, 20_000)
    return error_after_training(experiment, plan, iterations=1500)


@pytest.fixture(scope="module")
def plain(data):
    """FCN's errors."""
    del data
    return {column: error_on(column, "FCN") for column in COLUMNS}


@pytest.fixture
def wrong_sign(monkeypatch):
    """The same values, and the negative gradient by the parameters."""
    affine = FAMILIES["affine"]

    def transform(parameters, shape, frame):
        return affine.transform(parameters.data * 2.0 - parameters, shape, frame)

    monkeypatch.setitem(_families.FAMILIES, "affine", replace(affine, transform=transform))


@pytest.mark.parametrize(("column", "most"), list(zip(COLUMNS, (0.9, 0.5, 0.7, 0.85, 0.75), strict=True)))
def test_a_transformer_helps(column, most, plain):
    """The errors were 0.79, 0.25, 0.43, 0.72 and 0.54 of FCN's; with the wrong sign they are above it."""
    assert error_on(column, "ST-FCN") < most * plain[column]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_wrong_sign_is_noticed(column, plain, wrong_sign):
    del wrong_sign
    assert error_on(column, "ST-FCN") > plain[column]


def test_sums_are_learned(data):
    """The error was 74 %, 90 % with the wrong sign; always the same sum would be 90 % wrong."""
    del data
    assert error_of_sums() < 82


def test_a_wrong_sign_is_noticed_in_sums(data, wrong_sign):
    del data, wrong_sign
    assert error_of_sums() > 82
