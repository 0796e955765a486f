"""What the bridges share: a call's arguments sorted out, and a mapped axis folded into the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import ArraySpec, Op

Pattern = tuple[bool, ...]


@dataclass(frozen=True)
class BoundOp:
    """An op together with its static arguments: a function of arrays alone, and hashable."""

    op: Op
    static: tuple[tuple[str, Any], ...]

    def output_specs(self, inputs: Sequence[ArraySpec]) -> tuple[ArraySpec, ...]:
        """Shapes and dtypes of the outputs, one by one also where the op returns a tuple."""
        return self.op.output_specs(inputs, dict(self.static))

    def vjp(self, needs: Pattern, n_out: int, with_out: bool = False) -> BoundOp:
        """The derived op from cotangents to cotangents."""
        return BoundOp(self.op.vjp.of(needs, n_out, with_out), self.static)

    def jvp(self, given: Pattern) -> BoundOp:
        """The derived op from tangents to tangents."""
        return BoundOp(self.op.jvp.of(given), self.static)

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Compute the outputs: contiguous, writeable, and sharing memory with nothing else.

        A framework takes the memory of the outputs for its own, and may write into it.
        """
        result = self.op.apply(tuple(arrays), dict(self.static))
        outs: list[np.ndarray] = []
        for out in result if self.op.multiple else (result,):
            out = np.asarray(out, order="C")
            if not out.flags.writeable or any(np.may_share_memory(out, x) for x in (*arrays, *outs)):
                out = out.copy()
            outs.append(out)
        return tuple(outs)

    def can_fold(self, inputs: Sequence[ArraySpec], mapped: Pattern, size: int) -> bool:
        """Whether an axis of length `size`, mapped over, may become a part of the batch axis.

        `inputs` are the arguments of one element of the map. Every mapped argument must carry the batch,
        all that carry it must agree in its length, and the specs of the outputs must confirm it.
        """
        carries = self.carries_batch(len(inputs))
        lengths = {spec.shape[:1] for spec, carry in zip(inputs, carries, strict=True) if carry}
        if len(lengths) != 1 or lengths == {()}:
            return False
        if any(is_mapped and not carry for is_mapped, carry in zip(mapped, carries, strict=True)):
            return False
        ((length,),) = lengths
        folded = [
            ArraySpec((size * length, *spec.shape[1:]), spec.dtype) if carry else spec
            for spec, carry in zip(inputs, carries, strict=True)
        ]
        expected = [(spec.shape[:1], spec.shape[1:]) for spec in self.output_specs(inputs)]
        found = [(spec.shape[:1], spec.shape[1:]) for spec in self.output_specs(folded)]
        return all(first == (length,) for first, _ in expected) and found == [
            ((size * length,), rest) for _, rest in expected
        ]

    def carries_batch(self, n_arrays: int) -> Pattern:
        """Which array arguments have the batch as their first axis."""
        return tuple(self.op.argument_name(i) in self.op.batch for i in range(n_arrays))


def bind_call(
    op: Op,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    accept: Callable[[Any, str], Any],
    spec_of: Callable[[Any, str], ArraySpec],
    from_numpy: Callable[[np.ndarray], Any],
) -> tuple[BoundOp, list[Any]]:
    """Sort a call with a framework's arrays like :meth:`Op.bind` does with NumPy's.

    Parameters
    ----------
    op : Op
        What is called.
    args, kwargs
        What it is called with.
    accept : callable
        ``accept(value, name)`` returns an array of the framework, or None where `value` is a Python
        number; it raises TypeError for anything else.
    spec_of : callable
        ``spec_of(array, name)`` tells shape and dtype of an array of the framework.
    from_numpy : callable
        Makes an array of the framework from one of NumPy's.
    """
    given: dict[int, tuple[np.ndarray, Any]] = {}

    def stand_in(value: Any, name: str) -> Any:
        array = None if value is None else accept(value, name)  # None: an optional array that is left out
        if array is None:
            return value
        spec = spec_of(array, name)
        stand = np.broadcast_to(np.zeros((), spec.dtype), spec.shape)
        given[id(stand)] = (stand, array)
        return stand

    variadic = op.arrays[-1].startswith("*")
    n_arrays = len(args) if variadic else min(len(args), len(op.arrays))
    stands = [stand_in(value, op.argument_name(i)) for i, value in enumerate(args[:n_arrays])]
    named = {name: stand_in(value, name) if name in op.arrays else value for name, value in kwargs.items()}
    arrays, static = op.bind((*stands, *args[n_arrays:]), named)
    values = [given[id(x)][1] if id(x) in given else from_numpy(x) for x in arrays]
    return BoundOp(op, tuple(static.items())), values
