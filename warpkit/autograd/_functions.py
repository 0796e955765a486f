"""Derivatives of Python functions, by taping a call of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from warpkit._core import Array, Tracer, as_array, new_level, wrong_value, zeros_like

from ._backward import propagate, seed
from ._variable import Variable


def value_and_grad(function: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """Make a function that returns the value of `function` and its gradient.

    Parameters
    ----------
    function : callable
        Takes arrays, returns a scalar.
    argnums : int or tuple of int
        The positions of the arguments to differentiate with respect to.

    Returns
    -------
    callable
        With the arguments of `function`; returns ``(value, gradient)``, the gradient a tuple where
        `argnums` is one. Given variables, both are variables: the function can be differentiated again.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> value, gradient = wk.value_and_grad(lambda x: (x * x).sum())(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with new_level() as level:
            traced = list(args)
            for i in positions:
                traced[i] = Variable.at_level(_differentiable(args[i], i), level, requires_grad=True)
            value = function(*traced, **kwargs)
            if not isinstance(value, Variable) or value.level != level:
                raise ValueError("function: expected a result that depends on the arguments in argnums")
            if value.size != 1:
                raise wrong_value("function", "a result of one element", f"shape {value.shape}")
            wanted = [traced[i] for i in positions]
            cts = propagate([value], [seed(value, None, "function")], wanted)
        grads = tuple(zeros_like(x) if ct is None else ct for x, ct in zip(wanted, cts, strict=True))
        return value.data, grads[0] if isinstance(argnums, int) else grads

    return wrapped


def _differentiable(x: Any, position: int) -> Array:
    """An argument that a gradient is wanted with respect to."""
    x = x if isinstance(x, Tracer) else as_array(x, f"argument {position}")
    if x.dtype.kind != "f":
        raise TypeError(f"argument {position}: expected a floating dtype to differentiate, given {x.dtype}")
    return x


def vjp(
    function: Callable[..., Any], primals: Sequence[Array], needs: Sequence[bool] | None = None
) -> tuple[Any, Callable[[Any], tuple[Array | None, ...]]]:
    r"""Value of a function, and the map from a cotangent of it to cotangents of its arguments.

    Parameters
    ----------
    function : callable
        Takes the arrays `primals`, returns an array or a tuple of arrays.
    primals : sequence of arrays
        Where to differentiate.
    needs : sequence of bool, optional
        Which primals' cotangents are wanted; all by default.

    Returns
    -------
    out : array or tuple of arrays
        The value.
    pull_back : callable
        Takes a cotangent of the shape of `out`, returns one per primal, :math:`J_i^T \bar y`; None where not
        wanted, zeros where no path leads. It can be called once.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> out, pull_back = wk.autograd.vjp(lambda x: x * x, [np.array([1.0, 2.0])])
    >>> pull_back(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    wanted = [True] * len(primals) if needs is None else list(needs)
    with new_level() as level:
        traced = [
            Variable.at_level(x, level, requires_grad=True) if want else x
            for x, want in zip(primals, wanted, strict=True)
        ]
        result = function(*traced)
    several = isinstance(result, tuple)
    outs = result if several else (result,)
    mine = [isinstance(out, Variable) and out.level == level for out in outs]
    values = tuple(out.data if own else out for out, own in zip(outs, mine, strict=True))

    def pull_back(ct_out: Any) -> tuple[Array | None, ...]:
        cts = ct_out if several else (ct_out,)
        reached = [
            (out, ct) for out, ct, own in zip(outs, cts, mine, strict=True) if own and out.requires_grad
        ]
        leaves = [x for x, want in zip(traced, wanted, strict=True) if want]
        found = iter(propagate([out for out, _ in reached], [ct for _, ct in reached], leaves))
        arrived = [next(found) if want else None for want in wanted]
        return tuple(
            zeros_like(x) if want and ct is None else ct
            for x, ct, want in zip(primals, arrived, wanted, strict=True)
        )

    return values if several else values[0], pull_back


def vjp_of(
    function: Callable[..., Any], arrays: Sequence[Array], needs: Sequence[bool], ct_out: Any
) -> tuple[Array | None, ...]:
    """Cotangents of the `arrays` that `needs` marks, by taping `function`."""
    return vjp(function, arrays, needs)[1](ct_out)
