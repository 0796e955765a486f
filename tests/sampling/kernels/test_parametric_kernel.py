"""The table of kernels with a parameter, and what holds for every kernel in it."""

import itertools

import numpy as np
import pytest

from warpkit.sampling.kernels import (
    ParametricKernel,
    _parametric_kernel,
    gaussian,
    get_parametric_kernel,
    keys,
    register_parametric_kernel,
)

VALUES = {"gaussian": np.array([0.5, 0.7, 1.0, 2.5])[:, None], "keys": np.array([-1.0, -0.5, 0.0])[:, None]}
every_kernel = pytest.mark.parametrize("name", VALUES)


def fractions(kernel):
    return np.array([0.0, 0.1, 0.25, 0.6, 1.0]) - 0.5 * (kernel.n_taps % 2)


def weights_or_zeros(kernel, t, parameter, *orders):
    weights = kernel.weights(t, parameter, *orders)
    shape = (kernel.n_taps, *np.broadcast_shapes(t.shape, parameter.shape))
    if weights is None:
        return np.zeros(shape)
    return np.array([np.broadcast_to(w, shape[1:]) for w in weights])


def test_known_kernels():
    assert get_parametric_kernel("gaussian") is gaussian
    assert get_parametric_kernel("keys") is keys
    with pytest.raises(ValueError, match="kernel: expected one of 'gaussian', 'keys', given 'cubic'"):
        get_parametric_kernel("cubic")


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="kernel 'keys': a name is registered once"):
        register_parametric_kernel(ParametricKernel("keys", 4, gaussian.weights))
    assert _parametric_kernel._kernels["keys"] is keys


@every_kernel
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_partition_of_unity(name, dtype):
    """Weights add up to 1, and their derivatives of every order, by whatever, to 0."""
    kernel = get_parametric_kernel(name)
    t, parameter = fractions(kernel).astype(dtype), VALUES[name].astype(dtype)
    for orders in itertools.product(range(3), range(3)):
        weights = kernel.weights(t, parameter, *orders)
        if weights is None:
            continue
        assert {w.dtype for w in weights} == {np.dtype(dtype)}
        scale = 1 + np.abs(weights).sum(axis=0)
        total = np.sum(weights, axis=0) - (orders == (0, 0))
        assert (np.abs(total) <= 64 * np.finfo(dtype).eps * scale).all(), orders


@every_kernel
def test_derivatives(name):
    """By t and by the parameter, each order from the one below it, by a complex step.

    Relative to the largest at any tap, and 1e-10 because the terms of a high order cancel in part.
    """
    kernel, step = get_parametric_kernel(name), 1e-20
    t, parameter = fractions(kernel), VALUES[name]
    for order, parameter_order in itertools.product(range(4), range(3)):
        for in_t in (True, False):
            moved = (t + 1j * step, parameter) if in_t else (t, parameter + 1j * step)
            slopes = weights_or_zeros(kernel, *moved, order, parameter_order).imag / step
            higher = (order + in_t, parameter_order + (not in_t))
            found = weights_or_zeros(kernel, t, parameter, *higher)
            difference = np.abs(found - slopes).max(axis=0)
            assert (difference <= 1e-10 * (1 + np.abs(found).max(axis=0))).all(), (higher, in_t)


@every_kernel
def test_bound_to_a_value(name):
    """Then it is a kernel like those without parameters."""
    kernel, t = get_parametric_kernel(name), np.array([0.125, 0.25])
    value = VALUES[name][:1]
    bound = kernel.at(value, 1)
    assert (bound.name, bound.n_taps) == (name, kernel.n_taps)
    np.testing.assert_array_equal(bound.weights(t, 2), kernel.weights(t, value, 2, 1))
