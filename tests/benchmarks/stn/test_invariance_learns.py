"""A short run: a transformer makes distorted digits more alike, and does not where its gradient is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.stn.distorted import distorted_digits
from benchmarks.stn.invariance import distorted_copies, in_pieces, variance
from benchmarks.stn.plan import Plan
from benchmarks.stn.training import Training
from warpkit.nn import _families
from warpkit.nn._families import FAMILIES

pytestmark = pytest.mark.slow

DIGITS = 100


def variances_after_training():
    """Of a transformer's inputs and outputs, on RTS."""
    experiment = distorted_digits()["RTS"]
    rate, factor = experiment.learning_rate, experiment.localizer_factor
    plan = Plan("RTS", "ST-FCN", "affine", 0, 800, 256, rate, factor)
    training = Training.begin(plan, experiment, np.asarray)
    while training.iteration < plan.iterations:
        training.step()
    inputs = distorted_copies(experiment, DIGITS, 20)
    outputs = in_pieces(training.network[0])(inputs)
    return variance(inputs, DIGITS), variance(outputs, DIGITS)


def test_digits_become_alike_but_not_each_other(data):
    """The variance within digits was 0.57 of the input's, and 0.74 of all variance: 0.94 in the input."""
    del data
    given, shown = variances_after_training()
    assert shown.within < 0.7 * given.within
    assert shown.share < 0.85


def test_a_wrong_sign_is_noticed(data, monkeypatch):
    """The same values, and the negative gradient by the parameters: the share was 0.95.

    All outputs are nearly the same then, so the variance within digits was 0.11 of the input's: that alone
    would tell nothing.
    """
    del data
    affine = FAMILIES["affine"]

    def transform(parameters, shape, frame):
        return affine.transform(parameters.data * 2.0 - parameters, shape, frame)

    monkeypatch.setitem(_families.FAMILIES, "affine", replace(affine, transform=transform))
    assert variances_after_training()[1].share > 0.85
