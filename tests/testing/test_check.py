"""The checkers find planted mistakes, and accept what is right."""

import numpy as np
import pytest

from warpkit import ops
from warpkit._core import ArraySpec, Op, Sample
from warpkit.testing import check_adjoint, check_jvp, check_op, check_second_order, check_spec, check_vjp

X = np.random.default_rng(0).standard_normal((4, 3))
INDEX = np.array([0, 2, 2, 1])  # row 2 is gathered twice: its cotangents must be added


def gather(vjp=None, jvp=None):
    """Rows of a matrix times a factor, with the derivatives to be tested."""

    def right_vjp(ct_out, x, factor, *, needs):
        ct_x = np.zeros_like(x)
        np.add.at(ct_x, INDEX, ct_out * factor)
        return ct_x if needs[0] else None, np.sum(ct_out * x[INDEX]) if needs[1] else None

    def right_jvp(tangents, x, factor):
        tan_x, tan_factor = tangents
        terms = [] if tan_x is None else [tan_x[INDEX] * factor]
        terms += [] if tan_factor is None else [x[INDEX] * tan_factor]
        return sum(terms[1:], terms[0])

    op = Op("gather", lambda x, factor: x[INDEX] * factor, ("x", "factor"), {}, linear=("x", "factor"))
    op.spec(lambda x, factor: ArraySpec((4, *x.shape[1:]), x.dtype))
    op.vjp.rule(right_vjp if vjp is None else lambda *args, needs: vjp(right_vjp(*args, needs=needs), args))
    op.jvp.rule(right_jvp if jvp is None else lambda tangents, *args: jvp(right_jvp(tangents, *args)))
    return op


ARGUMENTS = (X, np.array(1.7))


def overwriting(cts, args):
    ct_out, x, factor = args
    ct_x = np.zeros_like(x)
    ct_x[INDEX] = ct_out * factor
    return (None if cts[0] is None else ct_x), cts[1]


def first(change):
    """Change the cotangent of the first argument."""
    return lambda cts, args: (None if cts[0] is None else change(cts[0]), cts[1])


WRONG_VJPS = {
    "zeroed": first(lambda ct: 0 * ct),
    "wrong sign": first(lambda ct: -ct),
    "wrong by one percent": first(lambda ct: 1.01 * ct),
    "reversed": first(lambda ct: ct[::-1].copy()),
    "lost duplicate": overwriting,
    "one element": first(lambda ct: ct + 1e-6 * (np.arange(ct.size) == 5).reshape(ct.shape)),
    "not a number": first(lambda ct: ct * np.nan),
    "the other argument": lambda cts, args: (cts[0], None if cts[1] is None else 1.01 * cts[1]),
}
WRONG_JVPS = {
    "zeroed": lambda tan: 0 * tan,
    "wrong sign": lambda tan: -tan,
    "wrong by one percent": lambda tan: 1.01 * tan,
    "reversed": lambda tan: tan[::-1],
    "one element": lambda tan: tan + 1e-4 * (np.arange(tan.size) == 5).reshape(tan.shape),
    "not a number": lambda tan: tan * np.nan,
}


def test_right_derivatives_pass():
    check_spec(gather(), *ARGUMENTS)
    check_jvp(gather(), *ARGUMENTS)
    check_vjp(gather(), *ARGUMENTS)
    check_adjoint(gather(), *ARGUMENTS)


@pytest.mark.parametrize("mistake", WRONG_VJPS)
def test_wrong_vjp_is_found(mistake):
    op = gather(vjp=WRONG_VJPS[mistake])
    with pytest.raises(AssertionError, match=r"gather, argument '(x|factor)'"):
        check_vjp(op, *ARGUMENTS)
    with pytest.raises(AssertionError, match="the vjp is not the adjoint"):
        check_adjoint(op, *ARGUMENTS)


@pytest.mark.parametrize("mistake", WRONG_JVPS)
def test_wrong_jvp_is_found(mistake):
    op = gather(jvp=WRONG_JVPS[mistake])
    with pytest.raises(AssertionError, match="the jvp disagrees with central differences"):
        check_jvp(op, *ARGUMENTS)
    with pytest.raises(AssertionError):
        check_vjp(op, *ARGUMENTS)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_scale_changes_no_verdict(scale):
    arguments = (X * scale, ARGUMENTS[1])
    for check in (check_jvp, check_vjp, check_adjoint):
        check(gather(), *arguments)
    with pytest.raises(AssertionError):
        check_vjp(gather(vjp=WRONG_VJPS["wrong by one percent"]), *arguments)
    with pytest.raises(AssertionError):
        check_jvp(gather(jvp=WRONG_JVPS["wrong by one percent"]), *arguments)


def test_transposed_matrix():
    """A product whose rule forgets to transpose; the shapes fit, for the matrix is square."""
    op = Op("product", lambda a, x: a @ x, ("a", "x"), {}, linear=("x",))
    op.spec(lambda a, x: x)
    op.vjp.rule(lambda ct, a, x, *, needs: (ct @ x.T if needs[0] else None, a @ ct if needs[1] else None))
    op.jvp.rule(lambda tangents, a, x: a @ (x if tangents[1] is None else tangents[1]))
    with pytest.raises(AssertionError, match="argument 'x': the vjp is not the adjoint"):
        check_adjoint(op, X[:3], X[:3])


def test_vjp_and_jvp_wrong_alike():
    """Two mistakes that agree: only the central difference knows better."""
    op = gather(vjp=first(lambda ct: 1.01 * ct), jvp=lambda tan: 1.01 * tan)
    with pytest.raises(AssertionError, match="argument 'x': the jvp disagrees"):
        check_op(op, *ARGUMENTS)


def test_numbers_are_in_the_message():
    with pytest.raises(AssertionError, match=r"<ct, jvp\(v\)> = -?\d+\.\d+, <vjp\(ct\), v> = -?\d+\.\d+"):
        check_vjp(gather(vjp=WRONG_VJPS["wrong sign"]), *ARGUMENTS)


def test_needs_is_obeyed():
    op = gather(vjp=lambda cts, args: cts)
    op.vjp.kernel(lambda ct, x, factor, *, needs: (ct[:4] * 0, np.array(0.0)))  # both, whatever is asked for
    with pytest.raises(AssertionError):
        check_vjp(op, *ARGUMENTS)


def test_cotangent_must_not_depend_on_needs():
    op = gather(vjp=lambda cts, args: (cts[0], cts[1]) if cts[0] is None else (2 * cts[0], cts[1]))
    op.vjp.kernel(lambda ct, x, factor, *, needs: NotImplemented)
    rule = op.vjp.own_rule

    def moody(ct, x, factor, *, needs):
        cts = rule(ct, x, factor, needs=needs)
        return (cts[0] / 2, None) if needs == (True, False) else cts

    op.vjp.rule(moody)
    with pytest.raises(AssertionError, match="depends on what else is asked for"):
        check_vjp(op, *ARGUMENTS)


def test_wrong_spec():
    op = Op("shrink", lambda x: x[1:], ("x",), {})
    op.spec(lambda x: x)
    with pytest.raises(AssertionError, match="shrink: the spec tells"):
        check_spec(op, X)


def test_not_linear():
    op = Op("square", lambda x: x * x, ("x",), {}, linear=("x",))
    op.spec(lambda x: x)
    op.vjp.rule(lambda ct, x, *, needs: (2 * ct * x,))
    op.jvp.rule(lambda tangents, x: 2 * tangents[0] * x)
    with pytest.raises(AssertionError, match="square, argument 'x' is not linear"):
        check_adjoint(op, X)


def test_wrong_second_order():
    """A vjp that is right, but whose derivative is not: the slope is cut off from its argument."""
    op = Op("cube", lambda x: x**3, ("x",), {})
    op.spec(lambda x: x)
    from warpkit._core import plain

    op.vjp.rule(lambda ct, x, *, needs: (ct * 3 * plain(x) ** 2,))
    op.jvp.rule(lambda tangents, x: tangents[0] * (3 * x * x))
    check_jvp(op, X)
    check_vjp(op, X)
    with pytest.raises(AssertionError, match=r"cube\.vjp.*argument 'x'"):
        check_second_order(op, X)


def test_kinks():
    """At a kink central differences are left out, adjointness is not."""
    at_zero = np.array([0.0, 1.0])
    with pytest.raises(AssertionError):
        check_op(ops.relu, at_zero)
    check_op(ops.relu, at_zero, smooth=False)


def test_float32():
    check_op(ops.matmul, X.astype(np.float32), X.T.astype(np.float32))
    with pytest.raises(AssertionError):
        check_vjp(gather(vjp=WRONG_VJPS["wrong by one percent"]), X.astype(np.float32), np.float32(2))


def test_own_samples():
    op = gather()
    with pytest.raises(ValueError, match="'gather' has no samples"):
        check_op(op)
    op.samples(lambda rng: [Sample((X, np.array(np.inf)), {})])
    with pytest.raises((AssertionError, FloatingPointError, RuntimeWarning)):
        check_op(op)


def test_nothing_to_differentiate():
    op = Op("count", lambda x: x + 1, ("x",), {})
    op.spec(lambda x: x)
    check_op(op, np.arange(3))


def test_empty_arrays():
    check_op(ops.multiply, np.zeros((0, 3)), np.zeros((0, 3)))
