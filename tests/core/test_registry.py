import pytest

from warpkit import ops
from warpkit._core import Op, all_ops, get_op
from warpkit._core._registry import register


def test_ops_are_found_by_name():
    assert get_op("matmul") is ops.matmul
    assert ops.matmul in all_ops()


def test_derived_ops_are_not_listed():
    ops.matmul.vjp.of((True, True))
    assert all("vjp" not in op.name for op in all_ops())


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="op 'matmul': a name is registered once"):
        register(Op("matmul", lambda a: a, ("a",), {}))
    assert get_op("matmul") is ops.matmul


def test_unknown_name():
    with pytest.raises(KeyError, match="no op is named 'matmull'"):
        get_op("matmull")
