"""The table of all ops: what bridges, tests, reference pages and benchmarks read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._op import Op

_ops: dict[str, Op] = {}


def register(op: Op) -> None:
    """Add an op; its name must be new.

    Raises
    ------
    ValueError
        If another op has that name.
    """
    if op.name in _ops:
        raise ValueError(f"op {op.name!r}: a name is registered once")
    _ops[op.name] = op


def get_op(name: str) -> Op:
    """The op of that name.

    Raises
    ------
    KeyError
        If there is none.
    """
    try:
        return _ops[name]
    except KeyError:
        raise KeyError(f"no op is named {name!r}; warpkit.testing.all_ops() lists them") from None


def all_ops() -> tuple[Op, ...]:
    """Every registered op, in the order of registration. Derived ops hang below theirs."""
    return tuple(_ops.values())
