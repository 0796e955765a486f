"""Descents by gradient reach the bottom of bowls, and say whether they did."""

import itertools

import numpy as np
import pytest

import warpkit as wk
from warpkit.registration import _gradient_descent
from warpkit.registration._gradient_descent import LONGEST, OPTIMIZERS, PATIENCE, adam, lbfgs

each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def bowl(seed=0, count=12, ndim=2):
    """A convex quadratic of moderate condition, of which 1 is the least value; its minimum, and a start."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.standard_normal((count * ndim, count * ndim)))[0]
    matrix = (directions * np.linspace(0.5, 2, count * ndim)) @ directions.T
    minimum, start = rng.standard_normal((2, count, ndim))

    def cost(x):
        moved = matrix @ (x - minimum).ravel()
        return float(1 + moved @ (x - minimum).ravel() / 2), moved.reshape(x.shape)

    return cost, minimum, start


@each_optimizer
def test_the_minimum_is_found(name):
    cost, minimum, start = bowl()
    found = OPTIMIZERS[name](cost, start, short=0.05, max_iterations=300)
    assert found.settled
    np.testing.assert_allclose(found.parameters, minimum, atol=0.05)
    assert found.costs[-1] == cost(found.parameters)[0] < cost(start)[0]
    assert len(found.costs) == len(found.distances) <= 300


@each_optimizer
def test_steps_are_told(name):
    cost, _, start = bowl()
    before = start.copy()
    places = [start]

    class Watched(_gradient_descent.Course):
        def go(self, parameters, value):
            places.append(parameters.copy())
            super().go(parameters, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_gradient_descent, "Course", Watched)
        found = OPTIMIZERS[name](cost, start, short=0.01, max_iterations=20)
    distances = [np.linalg.norm(b - a, axis=-1).max() for a, b in itertools.pairwise(places)]
    np.testing.assert_allclose(found.distances, distances, rtol=1e-12)
    np.testing.assert_allclose(found.costs, [cost(place)[0] for place in places[1:]], rtol=1e-12)
    np.testing.assert_array_equal(start, before)


@each_optimizer
def test_too_few_steps_settle_nothing(name):
    cost, _, start = bowl()
    found = OPTIMIZERS[name](cost, start, short=1e-6, max_iterations=3)
    assert not found.settled
    assert len(found.costs) == 3


@each_optimizer
def test_at_the_minimum(name):
    cost, minimum, _ = bowl()
    found = OPTIMIZERS[name](cost, minimum, short=0.01, max_iterations=50)
    assert found.settled
    assert len(found.costs) <= (50 if name == "adam" else PATIENCE + 1)
    np.testing.assert_allclose(found.parameters, minimum, atol=1e-12)


def test_lbfgs_falls_at_each_step():
    cost, _, start = bowl()
    costs = lbfgs(cost, start, short=1e-3, max_iterations=50).costs
    assert (np.diff([cost(start)[0], *costs]) < 0).all()


def test_steps_of_adam_shorten():
    cost, _, start = bowl()
    found = adam(lambda x: (1 / (1 + len(x)), np.ones_like(x)), start, short=0.02, max_iterations=PATIENCE)
    expected = 0.02 * LONGEST ** (1 - np.arange(1, PATIENCE + 1) / PATIENCE) * np.sqrt(2)
    np.testing.assert_allclose(found.distances, expected, rtol=1e-9)
    assert cost(start)[0] > 1


def test_adam_against_that_of_networks():
    """The same rule, though the one changes a network's parameters, and the other an array."""
    cost, _, start = bowl()
    short, count = 0.05, 40
    found = adam(cost, start, short=short, max_iterations=count)

    class Place(wk.nn.Module):
        def __init__(self):
            super().__init__()
            self.place = wk.Variable(start.copy())

        def __call__(self, x):
            return self.place * x

    network = Place()
    optimizer = wk.nn.Adam(network, lambda t: short * LONGEST ** (1 - (t + 1) / count), epsilon=1e-12)
    for _ in range(len(found.costs)):
        gradient = cost(network.place.data)[1]
        network(gradient).sum().backward()
        optimizer.step()
        network.zero_grad()
    np.testing.assert_allclose(found.parameters, network.place.data, rtol=1e-10)
