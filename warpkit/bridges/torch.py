"""Every op as a native function of PyTorch.

``warpkit.bridges.torch.grid_sample`` and so on for each op, by name: the same arguments, with CPU tensors
in the place of arrays. They work with ``backward`` to any order, with forward mode, and with
`torch.func.grad`, ``jacrev``, ``jvp`` and ``vmap``. Computation happens on NumPy views of the tensors,
without copies.

Examples
--------
>>> import torch
>>> from warpkit.bridges.torch import matmul
>>> a = torch.eye(2, dtype=torch.float64, requires_grad=True)
>>> matmul(a, 2 * torch.eye(2, dtype=torch.float64)).sum().backward()
>>> a.grad
tensor([[2., 2.],
        [2., 2.]], dtype=torch.float64)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

try:
    import torch
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"warpkit.bridges.torch needs torch ({error}): pip install 'warpkit-diff[torch]'"
    ) from error

from warpkit._core import ArraySpec, Op, all_ops, get_op
from warpkit.bridges._bound import BoundOp, Pattern, bind_call

Tensor: TypeAlias = torch.Tensor


class _Apply(torch.autograd.Function):
    """One application of an op. Its derivatives are applications of derived ops."""

    @staticmethod
    def forward(bound: BoundOp, *tensors: Tensor) -> tuple[Tensor, ...]:
        outs = bound.run([x.detach().resolve_neg().numpy() for x in tensors])
        return tuple(torch.from_numpy(out) for out in outs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        bound, *tensors = inputs
        ctx.bound, ctx.n_in = bound, len(tensors)
        ctx.with_out = bound.op.vjp.takes_out
        ctx.out_specs = [(out.shape, out.dtype) for out in output]
        ctx.save_for_backward(*tensors, *(output if ctx.with_out else ()))
        ctx.save_for_forward(*tensors)
        ctx.mark_non_differentiable(*[out for out in output if not out.is_floating_point()])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *cts: Tensor | None) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensors
        tensors = saved[: ctx.n_in]
        pairs = zip(ctx.needs_input_grad[1:], tensors, strict=True)
        needs = tuple(bool(need) and x.is_floating_point() for need, x in pairs)
        if not any(needs) or all(ct is None for ct in cts):
            return (None,) * (1 + ctx.n_in)
        full = [
            torch.zeros(shape, dtype=dtype) if ct is None else ct
            for ct, (shape, dtype) in zip(cts, ctx.out_specs, strict=True)
        ]
        results = iter(_Apply.apply(ctx.bound.vjp(needs, len(full), ctx.with_out), *full, *saved))
        return (None, *(next(results) if need else None for need in needs))

    @staticmethod
    def jvp(ctx: Any, _: None, *tangents: Tensor | None) -> tuple[Tensor | None, ...]:
        tensors = ctx.saved_tensors[: ctx.n_in]
        given = tuple(
            tangent is not None and x.is_floating_point()
            for tangent, x in zip(tangents, tensors, strict=True)
        )
        chosen = [tangent for tangent, is_given in zip(tangents, given, strict=True) if is_given]
        tans = _Apply.apply(ctx.bound.jvp(given), *chosen, *tensors)
        return tuple(tan if tan.is_floating_point() else None for tan in tans)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], bound: BoundOp, *tensors: Tensor) -> tuple[Any, Any]:
        dims, size = in_dims[1:], info.batch_size
        mapped = tuple(dim is not None for dim in dims)
        fronts = [x if dim is None else x.movedim(dim, 0) for x, dim in zip(tensors, dims, strict=True)]
        specs = [_spec(x, x.shape[1:] if m else x.shape) for x, m in zip(fronts, mapped, strict=True)]
        apply = _apply_folded if bound.can_fold(specs, mapped, size) else _apply_each
        outs = apply(bound, fronts, specs, mapped, size)
        return outs, (0,) * len(outs)


def _apply_folded(
    bound: BoundOp, fronts: Sequence[Tensor], specs: Sequence[ArraySpec], mapped: Pattern, size: int
) -> tuple[Tensor, ...]:
    """The whole map in one application: its axis is a part of the batch."""
    folded = []
    for x, spec, is_mapped, carries in zip(
        fronts, specs, mapped, bound.carries_batch(len(fronts)), strict=True
    ):
        if carries:
            wide = x if is_mapped else x.unsqueeze(0).expand(size, *spec.shape)
            x = wide.reshape(size * spec.shape[0], *spec.shape[1:])
        folded.append(x)
    outs = _Apply.apply(bound, *folded)
    return tuple(
        out.reshape(size, *spec.shape) for out, spec in zip(outs, bound.output_specs(specs), strict=True)
    )


def _apply_each(
    bound: BoundOp, fronts: Sequence[Tensor], specs: Sequence[ArraySpec], mapped: Pattern, size: int
) -> tuple[Tensor, ...]:
    """One application for each element of the map."""
    rows = [
        _Apply.apply(bound, *[x[i] if is_mapped else x for x, is_mapped in zip(fronts, mapped, strict=True)])
        for i in range(size)
    ]
    if not rows:
        empty = [np.zeros((0, *spec.shape), spec.dtype) for spec in bound.output_specs(specs)]
        return tuple(torch.from_numpy(x) for x in empty)
    return tuple(torch.stack(column) for column in zip(*rows, strict=True))


def _spec(x: Tensor, shape: Sequence[int] | None = None) -> ArraySpec:
    dtype = np.dtype(str(x.dtype).removeprefix("torch."))
    return ArraySpec(tuple(x.shape if shape is None else shape), dtype)


def _accept(value: Any, name: str) -> Tensor | None:
    if type(value) in (int, float, bool):
        return None
    if not isinstance(value, torch.Tensor):
        kind = type(value)
        raise TypeError(f"{name}: expected a torch.Tensor, given {kind.__module__}.{kind.__qualname__}")
    if value.device.type != "cpu":
        raise TypeError(
            f"{name}: expected a tensor on the CPU, given one on {value.device}; other devices "
            f"are not supported yet: move it with {name}.cpu()"
        )
    if value.layout != torch.strided:
        raise TypeError(f"{name}: expected a dense tensor, given layout {value.layout}")
    return value


def _checked_spec(x: Tensor, name: str) -> ArraySpec:
    try:
        spec = _spec(x)
    except TypeError:
        spec = None
    if spec is None or spec.dtype.isbuiltin != 1:  # JAX teaches NumPy bfloat16, but torch does not know
        raise TypeError(f"{name}: expected a dtype that NumPy has, given {x.dtype}")
    return spec


@functools.cache
def wrap(op: Op) -> Callable[..., Any]:
    """Make a function of tensors out of an op.

    Parameters
    ----------
    op : Op
        Any op, registered or not, derived ops included.

    Returns
    -------
    callable
        Takes what `op` takes, with tensors on the CPU for arrays; Python numbers stay what they are.
        Returns a tensor, or a tuple of tensors where `op` returns several arrays.
    """

    @functools.wraps(op, updated=())
    def function(*args: Any, **kwargs: Any) -> Any:
        bound, tensors = bind_call(op, args, kwargs, _accept, _checked_spec, torch.from_numpy)
        for name, value in bound.static:
            if isinstance(value, torch.Tensor):
                raise TypeError(f"{name}: expected a static value, given a tensor")
        outs = _Apply.apply(bound, *tensors)
        return outs if op.multiple else outs[0]

    return function


def __getattr__(name: str) -> Callable[..., Any]:
    try:
        return wrap(get_op(name))
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute and no op named {name!r}") from None


def __dir__() -> list[str]:
    return ["wrap", *(op.name for op in all_ops())]
