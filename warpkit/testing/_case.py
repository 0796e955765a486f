"""An op bound to arguments and to a source of random directions: what one check works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import Array, Op, namespace, to_numpy


@dataclass(frozen=True)
class Case:
    """An op bound to arguments, and the randomness of one check."""

    op: Op
    arrays: tuple[Array, ...]
    static: dict[str, Any]
    rng: np.random.Generator

    @classmethod
    def of(cls, op: Op, args: Sequence[Any], static: dict[str, Any], seed: int) -> Case:
        return cls(op, *op.bind(args, static), np.random.default_rng(seed))

    @property
    def differentiable(self) -> list[int]:
        return [i for i, x in enumerate(self.arrays) if x.dtype.kind == "f"]

    def name(self, i: int) -> str:
        return f"{self.op.name}, argument {self.op.argument_name(i)!r}"

    def call(self, arrays: Sequence[Array]) -> tuple[Array, ...]:
        """The outputs, one by one."""
        result = self.op.apply(tuple(arrays), self.static)
        return result if self.op.multiple else (result,)

    def call_with(self, changed: dict[int, Array]) -> tuple[Array, ...]:
        return self.call([changed.get(i, x) for i, x in enumerate(self.arrays)])

    def jvp(self, tangents: dict[int, Array]) -> tuple[Array, ...]:
        given = tuple(i in tangents for i in range(len(self.arrays)))
        chosen = [tangents[i] for i, is_given in enumerate(given) if is_given]
        result = self.op.jvp.of(given).apply((*chosen, *self.arrays), self.static)
        return result if self.op.multiple else (result,)

    def vjp(self, cts: Sequence[Array], wanted: Sequence[int]) -> tuple[Array | None, ...]:
        needs = tuple(i in wanted for i in range(len(self.arrays)))
        ct_out = tuple(cts) if self.op.multiple else cts[0]
        return self.op.vjp(ct_out, *self.arrays, needs=needs, **self.static)

    def random_like(self, x: Array) -> Array:
        """Normal numbers of the shape and dtype of `x`; zeros where it is not floating."""
        draw = np.asarray(self.rng.standard_normal(x.shape) if x.dtype.kind == "f" else np.zeros(x.shape))
        return namespace(x).asarray(draw.astype(x.dtype))

    def tolerance(self, rtol: float | None) -> float:
        """1e-12, or 1e-5 where something is of a lower precision than float64."""
        if rtol is not None:
            return rtol
        dtypes = [x.dtype for x in (*self.arrays, *self.call(self.arrays)) if x.dtype.kind == "f"]
        return 1e-12 if all(dtype == np.float64 for dtype in dtypes) else 1e-5


def flat(arrays: Sequence[Array]) -> np.ndarray:
    """All elements of the floating ones among `arrays`, in float64."""
    floating = [to_numpy(x).astype(np.float64).ravel() for x in arrays if x.dtype.kind == "f"]
    return np.concatenate(floating) if floating else np.zeros(0)


def compare(
    what: str, first: tuple[str, float], second: tuple[str, float], scale: float, rtol: float
) -> None:
    difference = abs(first[1] - second[1])
    if not difference <= rtol * scale:  # so written, NaN fails
        relative = difference / scale if scale else np.inf
        raise AssertionError(
            f"{what}: {first[0]} = {first[1]:.12g}, {second[0]} = {second[1]:.12g}; "
            f"relative difference {relative:.2g}, expected at most {rtol:.2g}"
        )
