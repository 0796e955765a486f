"""The tape: values that remember which op made them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from warpkit._core import Array, Op, Tracer, as_array, plain

_order = itertools.count()
_recording: ContextVar[bool] = ContextVar("warpkit_recording", default=True)


@contextmanager
def no_grad() -> Iterator[None]:
    """Record nothing inside this block: what is computed there has no history.

    Returns
    -------
    context manager
        For a ``with`` statement; it counts for the thread and the task that it is entered in.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> x = wk.Variable(np.array([1.0, 2.0]))
    >>> with wk.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)


class Node:
    """One application of an op: its arguments, and which variables came out of it."""

    __slots__ = ("arrays", "level", "op", "order", "out", "static")

    def __init__(
        self, op: Op, arrays: Sequence[Array], static: dict[str, Any], out: tuple[Array, ...], level: int
    ) -> None:
        self.op = op
        self.level = level
        self.arrays: Sequence[Array] | None = arrays  # None once a backward pass has freed them
        self.static = static
        self.out = out  # values, not variables: a reference back would keep the graph alive
        self.order = next(_order)

    def parents(self) -> list[Variable]:
        """The variables among the arguments that a derivative can reach."""
        if self.arrays is None:
            raise RuntimeError(
                f"the graph behind op {self.op.name!r} was freed by an earlier backward pass; "
                "pass retain_graph=True to that one to go through it twice"
            )
        return [
            x for x in self.arrays if isinstance(x, Variable) and x.requires_grad and x.level == self.level
        ]

    def outputs(self) -> tuple[Variable, ...]:
        """The kept outputs as variables of this node."""
        return tuple(Variable.at_level(x, self.level, node=self, index=i) for i, x in enumerate(self.out))

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        """Take the state of a pickle or a copy; what it was made of has been restored before."""
        for name, value in state[1].items():
            setattr(self, name, value)
        self.order = next(_order)  # that of another process says nothing about the nodes made here

    def free(self) -> None:
        """Let go of the arguments: the node has been passed."""
        self.arrays, self.out = None, ()


class Variable(Tracer):
    """An array on the tape: ops on it are recorded, and gradients flow back to it.

    Parameters
    ----------
    data : array
        Its value, kept as given. Integers cannot be differentiated.
    requires_grad : bool
        Whether gradients are wanted with respect to it.

    Attributes
    ----------
    data : array
        The value.
    grad : array or None
        What :meth:`backward` has added up here, of the shape of `data`; None before.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> x = wk.Variable(np.array([1.0, 2.0, 3.0]))
    >>> (x * x).sum().backward()
    >>> x.grad
    array([2., 4., 6.])
    """

    __slots__ = ("__weakref__", "_requires_grad", "data", "grad", "index", "node")

    def __init__(self, data: Array, requires_grad: bool = True) -> None:
        if not isinstance(data, Tracer):
            data = as_array(data, "data")
        if requires_grad and np.dtype(data.dtype).kind != "f":
            raise TypeError(f"data: expected a floating dtype where requires_grad=True, given {data.dtype}")
        self._set(data, level=0, requires_grad=requires_grad)

    def _set(
        self, data: Array, level: int, requires_grad: bool = False, node: Node | None = None, index: int = 0
    ) -> Variable:
        self.data = data
        self.level = level
        self.grad: Array | None = None
        self.node = node
        self.index = index
        self._requires_grad = requires_grad
        return self

    @classmethod
    def at_level(cls, data: Array, level: int, **history: Any) -> Variable:
        """A variable of one particular trace."""
        return cls.__new__(cls)._set(data, level, **history)

    @property
    def inner(self) -> Array:
        """The value."""
        return self.data

    @property
    def requires_grad(self) -> bool:
        """Whether gradients reach it, or end in it."""
        return self._requires_grad or self.node is not None

    def detach(self) -> Variable:
        """The same value without a history: no gradient flows through it."""
        return Variable.at_level(self.data, self.level)

    def backward(
        self, ct_out: Array | None = None, *, create_graph: bool = False, retain_graph: bool = False
    ) -> None:
        """Add the gradient of this variable to the `grad` of every leaf that it depends on.

        Parameters
        ----------
        ct_out : array, optional
            Cotangent of this variable; 1 by default, which a variable of one element admits only.
        create_graph : bool
            Record the backward pass too, so that the gradients can be differentiated.
        retain_graph : bool
            Keep the graph for another pass. Otherwise it is freed on the way.
        """
        from ._backward import backward

        backward(self, ct_out, create_graph=create_graph, retain_graph=retain_graph)

    def __repr__(self) -> str:
        return f"Variable({plain(self)!r})"

    @classmethod
    def apply_op(cls, level: int, op: Op, arrays: Sequence[Array], static: dict[str, Any]) -> Any:
        """Compute an op on the values below, and note how that was done."""
        mine = [isinstance(x, Variable) and x.level == level for x in arrays]
        values = [x.data if own else x for x, own in zip(arrays, mine, strict=True)]
        result = op.apply(values, static)
        outputs = result if op.multiple else (result,)
        reached = any(own and x.requires_grad for x, own in zip(arrays, mine, strict=True))
        node = None
        if reached and (level > 0 or _recording.get()):
            node = Node(op, tuple(arrays), static, outputs if op.vjp.takes_out else (), level)
        wrapped = tuple(
            cls.at_level(x, level, node=node, index=i) if np.dtype(x.dtype).kind == "f" else x
            for i, x in enumerate(outputs)
        )
        return wrapped if op.multiple else wrapped[0]
