"""Forward mode: values that carry a tangent along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from warpkit._core import Array, Op, Tracer, new_level, wrong_value, zeros_like


class Dual(Tracer):
    """A value together with its tangent. Lives inside one forward-mode derivative."""

    __slots__ = ("primal", "tangent")

    def __init__(self, primal: Array, tangent: Array, level: int) -> None:
        self.primal = primal
        self.tangent = tangent
        self.level = level

    @property
    def inner(self) -> Array:
        """The value."""
        return self.primal

    @classmethod
    def apply_op(cls, level: int, op: Op, arrays: Sequence[Array], static: dict[str, Any]) -> Any:
        """Compute an op on the values, and its jvp on the tangents."""
        mine = tuple(isinstance(x, Dual) and x.level == level for x in arrays)
        primals = [x.primal if own else x for x, own in zip(arrays, mine, strict=True)]
        tangents = [x.tangent for x, own in zip(arrays, mine, strict=True) if own]
        out = op.apply(primals, static)
        tan = op.jvp.of(mine).apply((*tangents, *primals), static)
        if not op.multiple:
            return _pair(out, tan, level)
        return tuple(_pair(o, t, level) for o, t in zip(out, tan, strict=True))


def _pair(out: Array, tan: Array, level: int) -> Array:
    return Dual(out, tan, level) if out.dtype.kind == "f" else out


def jvp_of(
    function: Callable[..., Any], arrays: Sequence[Array], tangents: Sequence[Array | None]
) -> tuple[Array, ...]:
    """Tangents of the outputs of `function`, by carrying duals through it."""
    with new_level() as level:
        duals = [x if t is None else Dual(x, t, level) for x, t in zip(arrays, tangents, strict=True)]
        result = function(*duals)
        outs = result if isinstance(result, tuple) else (result,)
        return tuple(
            out.tangent if isinstance(out, Dual) and out.level == level else zeros_like(out) for out in outs
        )


def jvp(function: Callable[..., Any], primals: Sequence[Array], tangents: Sequence[Array | None]) -> Any:
    r"""Value of a function and its derivative in a direction.

    Parameters
    ----------
    function : callable
        Takes the arrays `primals`, returns an array or a tuple of arrays.
    primals : sequence of arrays
        Where to differentiate.
    tangents : sequence of arrays or None
        The direction, one per primal, of its shape; None is zero.

    Returns
    -------
    out : array or tuple of arrays
        The value.
    tan_out : array or tuple of arrays
        :math:`\sum_i J_i \dot x_i`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> x, direction = np.array([1.0, 2.0]), np.array([1.0, 0.0])
    >>> out, tan_out = wk.autograd.jvp(lambda x: x * x, (x,), (direction,))
    >>> tan_out
    array([2., 0.])
    """
    for i, (primal, tangent) in enumerate(zip(primals, tangents, strict=True)):
        if tangent is not None and tuple(tangent.shape) != tuple(primal.shape):
            raise wrong_value(
                f"tangents[{i}]", f"shape {tuple(primal.shape)}", f"shape {tuple(tangent.shape)}"
            )
    with new_level() as level:
        result = function(
            *[x if t is None else Dual(x, t, level) for x, t in zip(primals, tangents, strict=True)]
        )
    several = isinstance(result, tuple)
    outs = result if several else (result,)
    mine = [isinstance(out, Dual) and out.level == level for out in outs]
    values = tuple(out.primal if own else out for out, own in zip(outs, mine, strict=True))
    tans = tuple(out.tangent if own else zeros_like(out) for out, own in zip(outs, mine, strict=True))
    return (values, tans) if several else (values[0], tans[0])
