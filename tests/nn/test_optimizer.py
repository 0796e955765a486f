"""What all optimisers do: factors, schedules, and what they refuse."""

import numpy as np
import pytest

from warpkit import Variable
from warpkit.nn import SGD, Adam, Linear, Module, ReLU, Sequential, StepDecay

OPTIMIZERS = [SGD, Adam]


class Point(Module):
    """One parameter."""

    def __init__(self, value, dtype=np.float64):
        self.x = Variable(np.array(value, dtype))

    def __call__(self, image):
        return self.x * image


def give_gradient(point, value):
    point.zero_grad()
    (point.x * np.full(point.x.shape, value, point.x.dtype)).sum().backward()


@pytest.mark.parametrize("optimizer_class", OPTIMIZERS)
def test_learning_rate_factors(optimizer_class):
    slow, fast = Point([1.0, 2.0]), Point([1.0, 2.0])
    slow.learning_rate_factor = 0.1
    optimizer = optimizer_class(Sequential(slow, fast), 0.5)
    for point in (slow, fast):
        give_gradient(point, 3.0)
    optimizer.step()
    np.testing.assert_allclose((slow.x.data - [1, 2]) * 10, fast.x.data - [1, 2])


@pytest.mark.parametrize("optimizer_class", OPTIMIZERS)
def test_a_schedule_is_asked_at_each_step(optimizer_class):
    point = Point([0.0])
    optimizer = optimizer_class(point, StepDecay(1.0, every=2, factor=0.0))
    places = []
    for _ in range(4):
        give_gradient(point, 1.0)
        optimizer.step()
        places.append(float(point.x.data[0]))
    assert optimizer.iteration == 4
    assert places[0] > places[1] == places[2] == places[3]


@pytest.mark.parametrize("optimizer_class", OPTIMIZERS)
@pytest.mark.parametrize("rate", [0.1, np.float64(0.1), lambda i: np.float64(0.1)])
def test_dtype_stays(optimizer_class, rate):
    point = Point([1.0, 2.0], np.float32)
    give_gradient(point, 1.0)
    optimizer_class(point, rate).step()
    assert point.x.dtype == np.float32


@pytest.mark.parametrize("optimizer_class", OPTIMIZERS)
def test_dtype_stays_with_a_factor_of_numpy(optimizer_class):
    point = Point([1.0, 2.0], np.float32)
    point.learning_rate_factor = np.float64(0.5)
    give_gradient(point, 1.0)
    optimizer_class(point, 0.1).step()
    assert point.x.dtype == np.float32


@pytest.mark.parametrize("optimizer_class", OPTIMIZERS)
def test_the_old_value_is_left_alone(optimizer_class):
    point = Point([1.0, 2.0])
    old, optimizer = point.x.data, optimizer_class(point, 0.1)
    for _ in range(2):
        give_gradient(point, 1.0)
        gradient = point.x.grad
        optimizer.step()
        np.testing.assert_array_equal(gradient, [1, 1])
    np.testing.assert_array_equal(old, [1, 2])


@pytest.mark.parametrize("optimizer_class", OPTIMIZERS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_named(optimizer_class, bad):
    network = Sequential(Point([1.0]), Point([2.0]))
    give_gradient(network[0], 1.0)
    give_gradient(network[1], bad)
    with pytest.raises(FloatingPointError, match=r"gradient of parameter 'layers.1.x' .* in step 0"):
        optimizer_class(network, 0.1).step()
    np.testing.assert_array_equal(network[0].x.data, [1.0])


@pytest.mark.parametrize("optimizer_class", OPTIMIZERS)
def test_without_gradient_nothing_moves(optimizer_class):
    network = Sequential(Point([1.0]), Point([2.0]))
    optimizer = optimizer_class(network, 0.1)
    with pytest.raises(RuntimeError, match="call backward"):
        optimizer.step()
    give_gradient(network[0], 1.0)
    optimizer.step()
    np.testing.assert_array_equal(network[1].x.data, [2.0])


@pytest.mark.parametrize("optimizer_class", OPTIMIZERS)
@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf])
def test_wrong_learning_rate(optimizer_class, rate):
    point = Point([1.0])
    give_gradient(point, 1.0)
    with pytest.raises(ValueError, match="learning_rate: expected a number of at least 0"):
        optimizer_class(point, rate).step()


def test_wants_a_module():
    with pytest.raises(TypeError, match="network: expected a Module"):
        SGD(Linear(1, 1, rng=np.random.default_rng(0)).parameters(), 0.1)


def test_a_network_without_parameters_is_refused():
    with pytest.raises(ValueError, match="network: expected a Module with parameters, given one without"):
        SGD(ReLU(), 0.1)


@pytest.mark.parametrize("optimizer_class", OPTIMIZERS)
def test_training_goes_on_from_a_state(optimizer_class):
    """Stopped after any step and started again, with the bits of training that was not."""

    def go_on(network, optimizer, first, last):
        for i in range(first, last):
            network.zero_grad()
            rng = np.random.default_rng(i)
            (network(rng.standard_normal((4, 3), np.float32)) ** 2).sum().backward()
            optimizer.step()

    def make():
        network = Sequential(
            Linear(3, 5, rng=np.random.default_rng(0)), ReLU(), Linear(5, 2, rng=np.random.default_rng(1))
        )
        return network, optimizer_class(
            network, 0.01, **({"momentum": 0.9} if optimizer_class is SGD else {})
        )

    for stop in (0, 1, 3):
        straight, resumed = make(), make()
        go_on(*straight, 0, 5)
        before = make()
        go_on(*before, 0, stop)
        resumed[0].load_state_dict(before[0].state_dict())
        resumed[1].load_state_dict(before[1].state_dict())
        go_on(*resumed, stop, 5)
        for name, value in straight[0].state_dict().items():
            np.testing.assert_array_equal(resumed[0].state_dict()[name], value)
        assert resumed[1].iteration == 5


def test_a_state_that_is_not_of_the_network():
    optimizer = Adam(Point([1.0]))
    with pytest.raises(ValueError, match="iteration"):
        optimizer.load_state_dict({})
    with pytest.raises(ValueError, match="y:mean"):
        optimizer.load_state_dict({"iteration": np.array(1), "y:mean": np.zeros(1)})
    assert optimizer.iteration == 0
    assert not optimizer.slots


@pytest.mark.parametrize("make", [Adam, SGD])
def test_weight_decay(make):
    """Beside the gradient, of weights only, and in a module's share of the learning rate."""
    rng = np.random.default_rng(5)
    plain_layer, decaying = (Linear(3, 2, rng=np.random.default_rng(6)) for _ in range(2))
    decaying.learning_rate_factor = plain_layer.learning_rate_factor = 0.5
    decaying.weight_decay_factor = 0.1
    image = rng.random((4, 3), np.float32)
    before = {name: v.data.copy() for name, v in decaying.named_parameters().items()}
    for layer, decay in [(plain_layer, 0.0), (decaying, 2.5)]:
        optimizer = make(layer, 0.1, weight_decay=decay)
        (layer(image) * layer(image)).sum().backward()
        optimizer.step()
    shrunk = 0.1 * 0.5 * 0.25 * before["weight"]
    np.testing.assert_allclose(decaying.weight.data, plain_layer.weight.data - shrunk, rtol=1e-5)
    np.testing.assert_array_equal(decaying.bias.data, plain_layer.bias.data)
    assert decaying.weight.dtype == np.float32


@pytest.mark.parametrize("decay", [-0.1, np.nan, np.inf])
def test_wrong_weight_decay(decay):
    layer = Linear(3, 2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="weight_decay: expected"):
        Adam(layer, 0.1, weight_decay=decay)
