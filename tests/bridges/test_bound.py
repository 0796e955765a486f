import numpy as np
import pytest

from warpkit._core import ArraySpec, Op
from warpkit.bridges._bound import BoundOp, bind_call

F8 = np.dtype("f8")


def batched(body=lambda a, b: a + b, spec=lambda a, b: a):
    op = Op("batched", body, ("a", "b"), {}, batch=("a", "b"))
    op.spec(spec)
    return BoundOp(op, ())


def specs(*shapes):
    return [ArraySpec(shape, F8) for shape in shapes]


@pytest.mark.parametrize(
    ("shapes", "mapped", "expected"),
    [
        (((2, 3), (2, 3)), (True, True), True),
        (((2, 3), (2, 3)), (True, False), True),  # the other is repeated
        (((2, 3), (1, 3)), (True, True), False),  # broadcast: the lengths differ
        (((), ()), (True, True), False),
    ],
)
def test_can_fold(shapes, mapped, expected):
    assert batched().can_fold(specs(*shapes), mapped, 5) is expected


def test_cannot_fold_what_the_op_shares_over_the_batch():
    op = Op("shared", lambda a, b: a + b, ("a", "b"), {}, batch=("a",))
    op.spec(lambda a, b: a)
    bound = BoundOp(op, ())
    assert bound.can_fold(specs((2, 3), (3,)), (True, False), 5)
    assert not bound.can_fold(specs((2, 3), (3,)), (True, True), 5)


def test_cannot_fold_where_the_spec_disagrees():
    """An op that claims a batch and sums over it."""
    summed = batched(spec=lambda a, b: ArraySpec((1, *a.shape[1:]), a.dtype))
    assert not summed.can_fold(specs((2, 3), (2, 3)), (True, True), 5)


def test_arrays_that_may_be_left_out():
    op = batched().op
    op.optional = ("b",)
    a = np.arange(3.0)
    for args, kwargs in (((a,), {}), ((a, None), {}), ((a,), {"b": None})):
        _, values = bind_call(
            op, args, kwargs, lambda x, name: x, lambda x, name: ArraySpec.of(x), lambda x: x
        )
        assert len(values) == 1
        assert values[0] is a


def test_outputs_share_memory_with_nothing():
    op = Op("views", lambda x: (x, x[::-1], np.broadcast_to(x[:1], (3,))), ("x",), {}, multiple=True)
    op.spec(lambda x: (x, x, x))
    x = np.arange(3.0)
    arrays = [x, *BoundOp(op, ()).run([x])]
    for i, a in enumerate(arrays):
        assert a.flags.writeable
        assert a.flags.c_contiguous
        assert not any(np.may_share_memory(a, b) for b in arrays[:i])


def test_equal_and_hashable():
    op = batched().op
    assert BoundOp(op, (("n", 1),)) == BoundOp(op, (("n", 1),))
    assert len({BoundOp(op, (("n", 1),)), BoundOp(op, (("n", 2),))}) == 2
