import pickle
import threading

import numpy as np
import pytest

from warpkit import grid_sample, ops
from warpkit._core import ArraySpec, Op, zeros_like
from warpkit.autograd import Variable, grad

rng = np.random.default_rng(0)
A, B, CT = rng.standard_normal((3, 4)), rng.standard_normal((4, 2)), rng.standard_normal((3, 2))


def product(rule=None):
    """a * b by element, with a vjp rule to be tested; not registered."""
    new = Op("product", lambda a, b: a * b, ("a", "b"), {}, linear=("a", "b"), batch=("a", "b"))
    new.spec(lambda a, b: a)
    if rule is not None:
        new.vjp.rule(rule)
    return new


def test_vjp():
    ct_a, ct_b = ops.matmul.vjp(CT, A, B)
    np.testing.assert_allclose(ct_a, CT @ B.T)
    np.testing.assert_allclose(ct_b, A.T @ CT)


def test_needs():
    ct_a, ct_b = ops.matmul.vjp(CT, A, B, needs=(False, True))
    assert ct_a is None
    np.testing.assert_allclose(ct_b, A.T @ CT)
    assert ops.matmul.vjp(CT, A, B, needs=(False, False)) == (None, None)


def test_integers_are_not_asked_for():
    ct_a, ct_b = ops.matmul.vjp(CT, A, B.astype(int))
    assert ct_a.shape == A.shape
    assert ct_b is None
    assert ops.where.vjp(CT, CT > 0, CT, CT)[0] is None


def test_a_cotangent_of_none_is_zero():
    ct_a, _ = ops.matmul.vjp(None, A, B)
    np.testing.assert_array_equal(ct_a, np.zeros_like(A))


def test_cotangents_have_the_dtype_of_their_primal():
    ct_a, ct_b = ops.matmul.vjp(CT, A.astype(np.float32), B)
    assert (ct_a.dtype, ct_b.dtype) == (np.float32, np.float64)


def test_jvp():
    np.testing.assert_allclose(ops.matmul.jvp((A, B), A, B), 2 * A @ B)
    np.testing.assert_allclose(ops.matmul.jvp((None, 3 * B), A, B), 3 * A @ B)
    np.testing.assert_array_equal(ops.matmul.jvp((None, None), A.astype(np.float32), B), np.zeros((3, 2)))
    assert ops.matmul.jvp((A, None), A.astype(np.float32), B.astype(np.float32)).dtype == np.float32


def test_a_family_has_one_op_per_pattern():
    assert ops.matmul.vjp.of((True, False)) is ops.matmul.vjp.of((True, False))
    assert ops.matmul.vjp.of((True, False)) is not ops.matmul.vjp.of((True, True))
    derived = ops.matmul.vjp.of((True, False))
    assert derived.arrays == ("ct_out", "a", "b")
    assert derived.linear == ("ct_out",)
    assert derived.multiple
    assert ops.matmul.jvp.of((False, True)).arrays == ("tan_b", "a", "b")


def test_derived_ops_carry_the_batch_where_all_arguments_do():
    assert product().vjp.of((True, True)).batch == ("ct_out", "a", "b")
    shared = Op("shared", lambda a, b: a * b, ("a", "b"), {}, batch=("a",))
    assert shared.vjp.of((True, True)).batch == ()


def test_missing_rules_mean_that_the_body_is_differentiated():
    new = product()
    ct_a, ct_b = new.vjp(A, A, 2 * A)
    np.testing.assert_allclose((ct_a, ct_b), (2 * A * A, A * A))
    np.testing.assert_allclose(new.jvp((A, A), A, 2 * A), 3 * A * A)


def test_kernels_override_rules_and_may_decline():
    new = product(lambda ct, a, b, *, needs: (ct * b, ct * a))
    asked = []
    new.vjp.kernel(lambda ct, a, b, *, needs: asked.append(needs) or NotImplemented)
    new.vjp.kernel(lambda ct, a, b, *, needs: (0 * ct, None))
    new.jvp.kernel(lambda tangents, a, b: 7 * a)
    np.testing.assert_array_equal(new.vjp(A, A, A, needs=(True, False))[0], 0 * A)
    assert asked == [(True, False)]
    np.testing.assert_array_equal(new.jvp((A, None), A, A), 7 * A)


def test_a_rule_may_take_the_output():
    given = []

    def rule(ct_out, a, b, *, needs, out=None):
        given.append(out)
        return ct_out * b, ct_out * a

    new = product(rule)
    assert new.vjp.takes_out
    new.vjp(A, A, A)
    x = Variable(A)
    out = new(x, A)
    out.sum().backward()
    assert given[0] is None
    assert given[1] is out.data
    assert not product().vjp.takes_out


def test_a_rule_that_owes_a_cotangent_is_named():
    with pytest.raises(
        RuntimeError, match=r"the vjp rule of 'product' owes b .*\(3, 4\), float64; it returned None"
    ):
        product(lambda ct, a, b, *, needs: (ct, None)).vjp(A, A, A)
    with pytest.raises(RuntimeError, match=r"owes a .*it returned shape \(4, 3\), float64"):
        product(lambda ct, a, b, *, needs: (ct.T, ct)).vjp(A, A, A)
    with pytest.raises(RuntimeError, match=r"it returned shape .*float32"):
        product(lambda ct, a, b, *, needs: (ct.astype(np.float32), ct)).vjp(A, A, A)


def test_derivatives_of_derivatives():
    """The vjp of the vjp of a product with respect to its cotangent is a product again."""
    derived = ops.multiply.vjp.of((True, True), 1)
    _, ct_a, _ = derived.vjp((A, A), A, A, A)
    np.testing.assert_allclose(ct_a, A * A)
    third = ops.sin.vjp.of((True,)).vjp.of((False, True), 1).jvp.of((False, False, True))
    np.testing.assert_allclose(third(A, A, A, A)[0], -np.cos(A) * A**3)


def test_derived_ops_on_the_tape():
    x = Variable(A)
    (ct,) = ops.sin.vjp(np.ones_like(A), x)
    np.testing.assert_allclose(grad(ct.sum(), x), -np.sin(A))


def test_specs_of_derived_ops():
    a, b, out = (ArraySpec.of(x) for x in (A, B, CT))
    assert ops.matmul.vjp.of((True, False)).output_specs([out, a, b], {}) == (a,)
    assert ops.matmul.jvp.of((True, True)).output_specs([a, b, a, b], {}) == (out,)
    with pytest.raises(ValueError, match="b: expected 4 rows"):
        ops.matmul.vjp.of((True, False)).output_specs([out, a, a], {})


def test_one_call_checks_its_arguments_once():
    """Cotangents and tangents conform to what the primal's spec said: the derived op has nothing to check."""
    new, asked = product(lambda ct, a, b, needs: (ct * b, ct * a)), []
    new.jvp.rule(lambda tangents, a, b: tangents[0] * b)
    new.spec(lambda a, b: asked.append((a, b)) or a)
    ct_a, _ = new.vjp(A, A, 2 * A)
    np.testing.assert_array_equal(ct_a, 2 * A * A)
    assert len(asked) == 1
    np.testing.assert_array_equal(new.jvp((A, None), A, 2 * A), 2 * A * A)
    assert len(asked) == 2


def test_a_tracer_among_cotangents_or_tangents_is_seen():
    ct_out, tan_a = Variable(CT), Variable(A)
    ct_a, _ = ops.matmul.vjp(ct_out, A, B)
    np.testing.assert_allclose(grad(ops.sum(ct_a), ct_out), np.broadcast_to(B.sum(0), CT.shape))
    tan_out = ops.matmul.jvp((tan_a, None), A, B)
    np.testing.assert_allclose(grad(ops.sum(tan_out), tan_a), np.broadcast_to(B.sum(1), A.shape))


def test_pickle():
    for derived in (ops.matmul.vjp.of((True, False)), ops.matmul.jvp.of((False, True)).vjp.of((True,) * 3)):
        assert pickle.loads(pickle.dumps(derived)) is derived


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: ops.matmul.vjp(CT.T, A, B),
            ValueError,
            r"ct_out: expected shape \(3, 2\), given shape \(2, 3\)",
        ),
        (lambda: ops.matmul.vjp(CT, A, B, needs=(True,)), ValueError, "needs: expected 2 booleans"),
        (
            lambda: ops.matmul.vjp(CT, A, B.astype(int), needs=(True, True)),
            TypeError,
            "given b of dtype int64",
        ),
        (lambda: ops.matmul.jvp((A,), A, B), ValueError, "tangents: expected 2"),
        (
            lambda: ops.matmul.jvp((B, None), A, B),
            ValueError,
            r"tangents\[0\] \(a\): expected shape \(3, 4\)",
        ),
        (lambda: ops.matmul.jvp((A + 1j, None), A, B), TypeError, "expected real numbers.*complex128"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_zeros_like():
    zeros = zeros_like(Variable(A.astype(np.float32)))
    assert type(zeros) is np.ndarray
    assert zeros.dtype == np.float32
    assert not zeros.any()


IMAGE = np.arange(4, dtype=np.uint8).reshape(1, 1, 4)
GRID = np.array([[[1.5], [0.25]]])


def test_integer_outputs_have_no_derivative():
    """Their cotangents would become integers: 0.5 would be 0, and -1 would be 255."""
    with pytest.raises(TypeError, match="ct_out: expected None, for what has dtype uint8 has no derivative"):
        grid_sample.vjp(np.full((1, 1, 2), 0.5), IMAGE, GRID)
    with pytest.raises(TypeError, match="grid_sample: an output of dtype uint8 has no tangent"):
        grid_sample.jvp((None, GRID), IMAGE, GRID)


def test_integer_arguments_have_no_tangent():
    image, grid = IMAGE.astype(np.float64), GRID.astype(np.int64)
    with pytest.raises(TypeError, match=r"tangents\[1\] \(grid\): expected None, .*int64 has no derivative"):
        grid_sample.jvp((None, 0.5 * GRID), image, grid)


def test_a_derived_op_is_made_once():
    """Also where many threads ask for it at the same time."""
    new, found = product(), []
    start = threading.Barrier(8)

    def ask():
        start.wait()
        found.append((new.vjp.of((True, True)), new.jvp.of((True, True))))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
