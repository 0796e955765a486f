"""Where a NaN or an infinity came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from warpkit._core import Array, namespace, plain

from ._backward import propagate, seed
from ._variable import Node, Variable


def find_nonfinite(output: Variable, ct_out: Array | None = None) -> str | None:
    """Name the op in which the first NaN or infinity of a computation appeared.

    The tape is gone through forward, and then backward: of the ops whose values, and then whose cotangents,
    hold what is not finite, the first one is named whose own inputs are finite. Nothing is added to any
    `grad`, and the graph is kept.

    Parameters
    ----------
    output : Variable
        The result, such as a loss, whose value or gradient is not finite. Not yet passed by `backward`, or
        passed with ``retain_graph=True``.
    ct_out : array, optional
        Its cotangent; 1 by default, for one element.

    Returns
    -------
    str or None
        Such as ``"the result of op 'log'"``, ``"the cotangent from op 'sqrt'"`` or ``"an argument of op
        'divide'"``, where it was there from the start; None if all is finite.

    Raises
    ------
    ValueError
        If `output` depends on nothing, or its cotangent is missing or of the wrong shape.
    RuntimeError
        If the graph was freed by an earlier pass.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> x = wk.Variable(np.array([0.0, 4.0]))
    >>> wk.autograd.find_nonfinite((wk.ops.sqrt(x) * 2.0).sum())  # the slope at 0 is infinite
    "the cotangent from op 'sqrt'"
    """
    with np.errstate(all="ignore"):  # what NumPy would warn of is what is looked for
        return _find(output, seed(output, ct_out, "output"))


def _find(output: Variable, ct: Array) -> str | None:
    nodes = _nodes(output)
    for node in nodes:
        if not all(_is_finite(x) for x in node.arrays or ()):
            return f"an argument of op {node.op.name!r}"
        if not all(_is_finite(x) for x in _results(node)):
            return f"the result of op {node.op.name!r}"
    # A pass for each: a sum over all users of a variable would not say which of them it was.
    for node in reversed(nodes):
        parents = node.parents()
        cts = propagate([output], [ct], parents, retain_graph=True)
        if not all(ct is None or _is_finite(ct) for ct in cts):
            return f"the cotangent from op {node.op.name!r}"
    return None


def _nodes(output: Variable) -> list[Node]:
    """All that the output was computed by, in the order in which it was."""
    found: dict[int, Node] = {}
    stack = [output.node] if output.node is not None else []
    while stack:
        node = stack.pop()
        if id(node) not in found:
            found[id(node)] = node
            stack.extend(parent.node for parent in node.parents() if parent.node is not None)
    return sorted(found.values(), key=lambda node: node.order)


def _results(node: Node) -> Sequence[Any]:
    """What the op gives; computed again where it was not kept."""
    arrays = [plain(x) for x in node.arrays or ()]
    results = node.op.compute(arrays, node.static)
    return results if isinstance(results, tuple) else (results,)


def _is_finite(x: Any) -> bool:
    value = plain(x)
    return value.dtype.kind != "f" or bool(namespace(value).isfinite(value).all())
