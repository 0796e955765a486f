"""Elementary functions of one array, each with its derivative beside it."""

from __future__ import annotations

from collections.abc import Callable

from warpkit._core import Array, ArraySpec, Op, Sample, get_op, namespace, op, plain


def _unary(
    derivative: Callable[[Array, Array], Array], domain: tuple[float, float] = (-2.0, 2.0)
) -> Callable[[Callable[..., Array]], Op]:
    """Make an op of a function of one array.

    `derivative` takes the argument and the function's value there; `domain` is where samples are drawn.
    """

    def decorate(body: Callable[..., Array]) -> Op:
        new = op()(body)

        @new.spec
        def spec(x: ArraySpec) -> ArraySpec:
            if not x.differentiable:
                raise TypeError(f"x: expected a floating dtype, given {x.dtype}")
            return x

        @new.vjp.rule
        def vjp(ct_out, x, *, needs, out=None):
            del needs
            return (ct_out * derivative(x, new(x) if out is None else out),)

        @new.jvp.rule
        def jvp(tangents, x):
            return tangents[0] * derivative(x, new(x))

        @new.samples
        def samples(rng):
            yield Sample((rng.uniform(*domain, (3, 4)),), {})

        return new

    return decorate


@_unary(lambda x, out: out)
def exp(x: Array) -> Array:
    """Exponential function."""
    return namespace(x).exp(x)


@_unary(lambda x, out: 1 / x, domain=(0.2, 3.0))
def log(x: Array) -> Array:
    """Natural logarithm."""
    return namespace(x).log(x)


@_unary(lambda x, out: 0.5 / out, domain=(0.2, 3.0))
def sqrt(x: Array) -> Array:
    """Square root; its derivative at 0 is infinite."""
    return namespace(x).sqrt(x)


def _cos(x: Array, out: Array) -> Array:
    del out
    return get_op("cos")(x)


@_unary(_cos)
def sin(x: Array) -> Array:
    """Sine of an angle in radians."""
    return namespace(x).sin(x)


@_unary(lambda x, out: -sin(x))
def cos(x: Array) -> Array:
    """Cosine of an angle in radians."""
    return namespace(x).cos(x)


@_unary(lambda x, out: 1 - out * out)
def tanh(x: Array) -> Array:
    """Hyperbolic tangent."""
    return namespace(x).tanh(x)


@_unary(lambda x, out: out * (1 - out))
def sigmoid(x: Array) -> Array:
    """Logistic function 1 / (1 + exp(-x)), which neither overflows nor warns for large arguments."""
    xp = namespace(x)
    small = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1 / (1 + small), small / (1 + small))


@_unary(lambda x, out: ((plain(x) >= 0) * 2 - 1).astype(x.dtype), domain=(0.2, 2.0))
def absolute(x: Array) -> Array:
    """Absolute value; at 0 the right derivative, 1."""
    return namespace(x).abs(x)


@_unary(lambda x, out: plain(x) >= 0, domain=(0.2, 2.0))
def relu(x: Array) -> Array:
    """The larger of `x` and 0; at 0 the right derivative, 1. NaN stays NaN."""
    return namespace(x).maximum(x, 0)
