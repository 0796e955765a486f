import gc
import threading

import numpy as np
import pytest

import warpkit as wk
from warpkit import ops
from warpkit._core import Op, get_op
from warpkit.autograd import Variable, grad, no_grad, value_and_grad

X = np.array([1.0, 2.0, 3.0])


def test_backward_adds_up_over_paths():
    x = Variable(X)
    y = x * x
    (y * y + y).sum().backward()
    np.testing.assert_array_equal(x.grad, 4 * X**3 + 2 * X)


def test_backward_adds_to_what_is_there():
    x = Variable(X)
    (2 * x).sum().backward()
    (3 * x).sum().backward()
    assert x.grad.tolist() == [5, 5, 5]


def test_gradients_share_no_memory_with_each_other():
    """Two leaves get the same cotangent: adding to one gradient must leave the other alone."""
    x, y = Variable(X), Variable(X)
    (x + y).sum().backward()
    (x * 1).sum().backward()
    assert x.grad.tolist() == [2, 2, 2]
    assert y.grad.tolist() == [1, 1, 1]


def test_cotangent_of_the_caller_is_not_modified():
    x, ct = Variable(X), np.ones(3)
    y = x + 0
    z = y + y
    grad(z, x, ct)
    assert ct.tolist() == [1, 1, 1]


def test_grad_of_several_outputs_and_inputs():
    x, y = Variable(X), Variable(2 * X)
    outs = [x * y, y + 1]
    ct_x, ct_y = grad(outs, [x, y], [np.ones(3), X])
    np.testing.assert_array_equal(ct_x, 2 * X)
    np.testing.assert_array_equal(ct_y, 2 * X)
    assert x.grad is None


def test_grad_of_an_intermediate_variable():
    x = Variable(X)
    y = x * x
    np.testing.assert_array_equal(grad((y * 3).sum(), y), [3, 3, 3])


def test_grad_of_an_output_with_respect_to_itself():
    y = Variable(X) * 1
    np.testing.assert_array_equal(grad(y, y, 2 * X), 2 * X)


def test_unreached_input_gets_zeros():
    x, y = Variable(X), Variable(np.ones((2, 2), np.float32))
    ct = grad(x.sum(), y)
    assert ct.shape == (2, 2)
    assert ct.dtype == np.float32
    assert not ct.any()


def test_variables_mixed_with_constants():
    x = Variable(X)
    out = 2.0 - np.ones(3) * x / np.array([1.0, 2.0, 4.0]) + np.float64(1)
    np.testing.assert_array_equal(grad(out.sum(), x), [-1, -0.5, -0.25])


def test_variable_that_wants_nothing_is_a_constant():
    x, y = Variable(X), Variable(X, requires_grad=False)
    (x * y).sum().backward()
    np.testing.assert_array_equal(x.grad, X)
    assert y.grad is None


def test_second_and_third_order():
    x = Variable(X)
    first = grad((x**4).sum(), x, create_graph=True)
    second = grad(first.sum(), x, create_graph=True)
    third = grad(second.sum(), x)
    np.testing.assert_allclose(second.data, 12 * X**2)
    np.testing.assert_allclose(third, 24 * X)


def test_backward_with_create_graph():
    x = Variable(X)
    (x**3).sum().backward(create_graph=True)
    slope, x.grad = x.grad, None
    slope.sum().backward()
    np.testing.assert_allclose(x.grad, 6 * X)


def test_gradient_penalty():
    """A gradient within a loss, as networks use it."""
    x, w = Variable(X), Variable(np.array(2.0))
    slope = grad(((x * w) ** 2).sum(), x, create_graph=True)
    (slope**2).sum().backward()
    np.testing.assert_allclose(w.grad, (16 * 2.0**3 * X**2).sum())


def test_freed_graph_is_an_error():
    x = Variable(X)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match=r"op '\w+' was freed.*retain_graph=True"):
        y.backward()


def test_retained_graph_can_be_used_again():
    x = Variable(X)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_array_equal(x.grad, 4 * X)


def test_backward_lets_go_of_what_it_has_passed():
    x = Variable(X)
    y = x * x
    node = y.node
    y.sum().backward()
    assert node.arrays is None


def test_part_of_the_graph_that_leads_nowhere_is_not_visited():
    visited = []
    op = Op("probe", lambda a: a, ("a",), {})
    op.spec(lambda a: a)
    op.vjp.rule(lambda ct, a, *, needs: visited.append(needs) or (ct,))
    x, y = Variable(X), Variable(X)
    out = (op(x) * y).sum()
    grad(out, y, retain_graph=True)
    assert visited == []
    grad(out, x)
    assert visited == [(True,)]


def test_image_is_not_scattered_for_one_who_wants_theta():
    """The rule is asked with needs, and nothing computes what nobody wants."""
    rng = np.random.default_rng(0)
    image, theta = rng.standard_normal((1, 1, 4, 4)), Variable(0.5 * np.eye(2, 3)[None])
    pushes, push = [], get_op("grid_push")
    push.kernels.insert(0, lambda *arrays, **static: pushes.append(arrays) or NotImplemented)
    asked, rule = [], get_op("grid_sample").vjp

    def watch(ct_out, image, grid, *, needs, **static):
        asked.append(needs)
        return NotImplemented

    rule.kernels.insert(0, watch)
    rule._ops.clear()
    try:
        for images, needs in ((image, (False, True)), (Variable(image, requires_grad=False), (False, True))):
            wk.grid_sample(images, wk.affine_grid(theta, (4, 4))).sum().backward()
            assert asked.pop() == needs
        assert pushes == []
        assert np.abs(theta.grad).max() > 0
    finally:
        push.kernels.pop(0)
        rule.kernels.pop(0)
        rule._ops.clear()


def test_deep_graph_needs_no_recursion():
    x = Variable(np.array(1.0))
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad == 1
    del y
    gc.collect()


def test_deep_graph_can_be_dropped_without_a_backward_pass():
    y = Variable(np.array(1.0))
    for _ in range(100_000):
        y = y + 1.0
    del y
    gc.collect()


def test_two_threads_keep_apart():
    """Each thread has its own no_grad, its own levels, and its own graph."""
    failures = []

    def work(seed):
        try:
            data = np.random.default_rng(seed).standard_normal(50)
            for i in range(200):
                x = Variable(data)
                if i % 3 == seed % 3:
                    with no_grad():
                        assert not (x * x).requires_grad
                (x * x * x).sum().backward()
                np.testing.assert_allclose(x.grad, 3 * data**2)
                _, slope = value_and_grad(lambda x: value_and_grad(lambda y: (y**3).sum())(x)[1].sum())(data)
                np.testing.assert_allclose(slope, 6 * data)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: (x * x).backward(), ValueError, "ct_out: expected a cotangent"),
        (
            lambda x: (x * x).backward(np.ones(2)),
            ValueError,
            r"ct_out: expected shape \(3,\), given shape \(2,\)",
        ),
        (lambda x: Variable(X, requires_grad=False).sum().backward(), ValueError, "requires_grad=True"),
        (lambda x: grad(X, x), ValueError, r"outputs\[0\]: expected a Variable"),
        (lambda x: value_and_grad(lambda x: 1.0)(X), ValueError, "depends on the arguments in argnums"),
        (
            lambda x: value_and_grad(lambda x: x * x)(X),
            ValueError,
            "function: expected a result of one element",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(Variable(X))


def test_several_outputs_of_one_op():
    """An unused output has a zero cotangent; an integer output has none."""
    op = Op("halves", lambda x: (x[:2], x[2:], np.arange(3)), ("x",), {}, multiple=True)
    op.spec(lambda x: (x.__class__((2,), x.dtype), x.__class__((1,), x.dtype), x.with_dtype(np.int64)))
    op.vjp.rule(lambda cts, x, *, needs: (ops.concatenate(cts[0], cts[1]),))
    x = Variable(X)
    first, second, count = op(x * 1)
    assert isinstance(count, np.ndarray)
    np.testing.assert_array_equal(grad(first.sum(), x, retain_graph=True), [1, 1, 0])
    np.testing.assert_array_equal(grad((second * first).sum(), x), [3, 3, 3])
