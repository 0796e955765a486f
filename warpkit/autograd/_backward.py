"""Reverse mode: cotangents flow from the outputs back to the variables that are asked for.

Nodes are visited in the reverse order of their creation, from a heap, without recursion. When a node is
reached its cotangents are complete, because whatever used its outputs was created later. Only nodes that
lead to a wanted variable are visited, and each is asked only for the cotangents on the way to one.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

from warpkit._core import (
    Array,
    ArraySpec,
    Tracer,
    get_op,
    namespace,
    plain,
    wrong_value,
    zeros_like,
)

from ._variable import Node, Variable

Key = tuple[int, int]
"""Where a variable comes from: (id of its node, index of the output), or (id of the leaf, -1)."""


def _key(variable: Variable) -> Key:
    return (id(variable), -1) if variable.node is None else (id(variable.node), variable.index)


class _Pass:
    """One backward pass: the cotangents under way and the ones that have arrived."""

    def __init__(self, outputs: Sequence[Variable], wanted: Sequence[Variable], create_graph: bool) -> None:
        self.create_graph = create_graph
        self.wanted = {_key(variable) for variable in wanted}
        self.sums: dict[Key, Array] = {}
        self.owned: set[Key] = set()
        self.on_the_way: dict[int, Node] = {}
        self._find_way(outputs)

    def _find_way(self, outputs: Sequence[Variable]) -> None:
        """Note the nodes between the outputs and the wanted variables, by id."""
        reached: dict[int, Node] = {}
        stack = [output.node for output in outputs if output.node is not None]
        while stack:
            node = stack.pop()
            if id(node) not in reached:
                reached[id(node)] = node
                stack.extend(parent.node for parent in node.parents() if parent.node is not None)
        wanted_nodes = {source for source, _ in self.wanted}
        for node in sorted(reached.values(), key=lambda node: node.order):
            if id(node) in wanted_nodes or any(self._leads_on(parent) for parent in node.parents()):
                self.on_the_way[id(node)] = node

    def _leads_on(self, parent: Variable) -> bool:
        return _key(parent) in self.wanted or (parent.node is not None and id(parent.node) in self.on_the_way)

    def add(self, key: Key, ct: Array) -> None:
        """Add to the cotangent at `key`, in place where the sum is an array made here."""
        if key not in self.sums:
            self.sums[key] = ct
        elif isinstance(ct, Tracer) or isinstance(self.sums[key], Tracer):
            self.sums[key] = get_op("add")(self.sums[key], ct)
        elif key in self.owned:
            self.sums[key] += ct
        else:
            self.sums[key] = self.sums[key] + ct
            self.owned.add(key)

    def _take(self, key: Key) -> Array | None:
        """The finished cotangent of an output; wanted ones stay for the caller."""
        return self.sums.get(key) if key in self.wanted else self.sums.pop(key, None)

    def _cotangents(self, node: Node, arrays: Sequence[Array]) -> list[Array]:
        """One per output: outputs that nothing came back to have a cotangent of zero."""
        if not node.op.multiple:
            return [self._take((id(node), 0))]  # there is one, or the node would not be on the way
        specs = node.op.output_specs([ArraySpec.of(x) for x in arrays], node.static)
        cts = [self._take((id(node), i)) for i in range(len(specs))]
        return [_zeros(spec, arrays) if ct is None else ct for spec, ct in zip(specs, cts, strict=True)]

    def visit(self, node: Node) -> None:
        """Turn the cotangents of a node's outputs into contributions to those of its arguments."""
        parents = [parent for parent in node.parents() if self._leads_on(parent)]
        arrays = node.arrays or ()
        cts = self._cotangents(node, arrays)
        if not parents:
            return
        needs = tuple(any(x is parent for parent in parents) for x in arrays)
        inputs = arrays if self.create_graph else [_below(x, node.level) for x in arrays]
        outs = node.outputs() if self.create_graph else node.out
        derived = node.op.vjp.of(needs, len(cts), node.op.vjp.takes_out)
        for parent, ct in zip(
            [x for x, need in zip(arrays, needs, strict=True) if need],
            derived.apply((*cts, *inputs, *outs), node.static),
            strict=True,
        ):
            self.add(_key(parent), ct)


def _below(x: Array, level: int) -> Array:
    return x.data if isinstance(x, Variable) and x.level == level else x


def _zeros(spec: ArraySpec, arrays: Sequence[Array]) -> Array:
    return namespace(plain(arrays[0])).zeros(spec.shape, spec.dtype)


def propagate(
    outputs: Sequence[Variable],
    cts: Sequence[Array],
    wanted: Sequence[Variable],
    *,
    create_graph: bool = False,
    retain_graph: bool = False,
) -> list[Array | None]:
    """Cotangents of `wanted`, given those of `outputs`; None where no path leads.

    With `create_graph` the rules are given the variables themselves, so that what they do is recorded;
    otherwise the values. Nodes are freed as they are passed, unless one of the two flags is set.
    """
    run = _Pass(outputs, wanted, create_graph)
    for output, ct in zip(outputs, cts, strict=True):
        run.add(_key(output), ct)
    heap = [(-node.order, node) for node in run.on_the_way.values()]
    heapq.heapify(heap)
    while heap:
        _, node = heapq.heappop(heap)
        run.visit(node)
        if not (retain_graph or create_graph):
            node.free()
    return [run.sums.get(_key(variable)) for variable in wanted]


def seed(output: Any, ct_out: Array | None, argument: str) -> Array:
    """The cotangent that a backward pass starts from; 1 where none is given for a single element."""
    if not isinstance(output, Variable) or not output.requires_grad:
        raise ValueError(f"{argument}: expected a Variable that depends on one with requires_grad=True")
    if ct_out is None:
        if output.size != 1:
            raise wrong_value("ct_out", "a cotangent, for an output of more than one element", None)
        bottom = plain(output)
        return namespace(bottom).ones(bottom.shape, bottom.dtype)
    if tuple(ct_out.shape) != output.shape:
        raise wrong_value("ct_out", f"shape {output.shape}", f"shape {tuple(ct_out.shape)}")
    return ct_out


def backward(output: Variable, ct_out: Array | None, *, create_graph: bool, retain_graph: bool) -> None:
    """Add the gradients of `output` to the leaves; the method of Variable documents it."""
    ct = seed(output, ct_out, "backward")
    leaves: dict[int, Variable] = {}
    seen: set[int] = set()
    stack: list[Variable] = [output]
    while stack:
        variable = stack.pop()
        if variable.node is None:
            leaves[id(variable)] = variable
        elif id(variable.node) not in seen:
            seen.add(id(variable.node))
            stack.extend(variable.node.parents())
    wanted = list(leaves.values())
    cts = propagate([output], [ct], wanted, create_graph=create_graph, retain_graph=retain_graph)
    for leaf, ct in zip(wanted, cts, strict=True):
        if ct is not None:
            leaf.grad = ct if leaf.grad is None else leaf.grad + ct


def grad(
    outputs: Variable | Sequence[Variable],
    inputs: Variable | Sequence[Variable],
    ct_outputs: Array | Sequence[Array] | None = None,
    *,
    create_graph: bool = False,
    retain_graph: bool = False,
) -> Any:
    r"""Gradient of outputs with respect to inputs, without touching any `grad` attribute.

    Parameters
    ----------
    outputs : Variable or sequence of Variable
        What is differentiated.
    inputs : Variable or sequence of Variable
        With respect to what; leaves or intermediate variables.
    ct_outputs : array or sequence of arrays, optional
        Cotangents of `outputs`, of their shapes; 1 by default, for outputs of one element.
    create_graph : bool
        Return variables that can be differentiated again.
    retain_graph : bool
        Keep the graph for another pass.

    Returns
    -------
    array or tuple of arrays
        One per input, of its shape and dtype: :math:`\sum_k J_k^T \bar y_k`; zeros where no path leads
        from an input to an output.

    Raises
    ------
    ValueError
        If an output depends on nothing, or a cotangent is missing or of the wrong shape.
    RuntimeError
        If the graph was freed by an earlier pass.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> x = wk.Variable(np.array([1.0, 2.0]))
    >>> first = wk.grad((x * x * x).sum(), x, create_graph=True)
    >>> wk.grad(first.sum(), x)  # 6 x
    array([ 6., 12.])
    """
    outs = [outputs] if isinstance(outputs, Tracer) else list(outputs)
    wanted = [inputs] if isinstance(inputs, Tracer) else list(inputs)
    given = (
        [ct_outputs] * len(outs) if ct_outputs is None or isinstance(outputs, Tracer) else list(ct_outputs)
    )
    seeds = [seed(out, ct, f"outputs[{i}]") for i, (out, ct) in enumerate(zip(outs, given, strict=True))]
    cts = propagate(outs, seeds, wanted, create_graph=create_graph, retain_graph=retain_graph)
    results = tuple(zeros_like(x) if ct is None else ct for x, ct in zip(wanted, cts, strict=True))
    return results[0] if isinstance(inputs, Tracer) else results
