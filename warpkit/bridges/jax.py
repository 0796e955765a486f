"""Every op as a native function of JAX.

``warpkit.bridges.jax.grid_sample`` and so on for each op, by name: the same arguments, with JAX arrays in
the place of NumPy's. They work with ``jit``, ``vmap``, ``jvp``, ``grad`` and their compositions, to any
order. Computation happens on the CPU in NumPy: at once outside ``jit``, through a callback inside.

Examples
--------
>>> import jax, jax.numpy as jnp
>>> from warpkit.bridges.jax import matmul
>>> jax.grad(lambda a: matmul(a, 2 * jnp.eye(2)).sum())(jnp.eye(2))
Array([[2., 2.],
       [2., 2.]], dtype=float32)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

try:
    import jax
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"warpkit.bridges.jax needs jax ({error}): pip install 'warpkit-diff[jax]'"
    ) from error
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from warpkit._core import ArraySpec, Op, all_ops, get_op
from warpkit.bridges._bound import BoundOp, Pattern, bind_call

_apply = Primitive("warpkit")  # its one parameter is the BoundOp: op and static arguments
_apply.multiple_results = True


def _spec(x: Any, name: str = "") -> ArraySpec:
    del name
    return ArraySpec(tuple(x.shape), np.dtype(x.dtype))


def _result_types(bound: BoundOp, specs: Sequence[ArraySpec]) -> list[jax.ShapeDtypeStruct]:
    return [
        jax.ShapeDtypeStruct(spec.shape, jax.dtypes.canonicalize_dtype(spec.dtype))
        for spec in bound.output_specs(specs)
    ]


def _abstract_eval(*avals: Any, bound: BoundOp) -> list[ShapedArray]:
    return [ShapedArray(t.shape, t.dtype) for t in _result_types(bound, [_spec(aval) for aval in avals])]


def _impl(*arrays: Any, bound: BoundOp) -> list[Any]:
    for i, x in enumerate(arrays):
        where = {device.platform for device in x.devices()} if isinstance(x, jax.Array) else set()
        if where - {"cpu"}:
            raise TypeError(
                f"{bound.op.argument_name(i)}: expected an array on the CPU, given one on {where}; "
                "other devices are not supported yet: move it with jax.device_put"
            )
    return [jnp.asarray(out) for out in bound.run([np.asarray(x) for x in arrays])]


def _through_callback(*arrays: Any, bound: BoundOp) -> list[Any]:
    types = _result_types(bound, [_spec(x) for x in arrays])

    def callback(*values: Any) -> list[np.ndarray]:
        outs = bound.run([np.asarray(x) for x in values])
        return [out.astype(t.dtype, copy=False) for out, t in zip(outs, types, strict=True)]

    return jax.pure_callback(callback, types, *arrays)


def _jvp(primals: Sequence[Any], tangents: Sequence[Any], *, bound: BoundOp) -> tuple[list[Any], list[Any]]:
    outs = _apply.bind(*primals, bound=bound)
    given = tuple(not isinstance(tangent, ad.Zero) for tangent in tangents)
    chosen = [tangent for tangent, is_given in zip(tangents, given, strict=True) if is_given]
    tans = _apply.bind(*chosen, *primals, bound=bound.jvp(given))
    floating = [jnp.issubdtype(out.dtype, jnp.floating) for out in outs]
    return outs, [
        tan if is_float else ad.Zero(ShapedArray(out.shape, jax.dtypes.float0))
        for tan, out, is_float in zip(tans, outs, floating, strict=True)
    ]


def _transpose(cts: Sequence[Any], *args: Any, bound: BoundOp) -> list[Any]:
    """Cotangents of the arguments in which the op is linear and which JAX has left undefined."""
    undefined = tuple(ad.is_undefined_primal(x) for x in args)
    for i, is_undefined in enumerate(undefined):
        if is_undefined and bound.op.argument_name(i) not in bound.op.linear:
            raise NotImplementedError(f"{bound.op.name} is not linear in {bound.op.argument_name(i)}")
    if bound.op.origin is not None:
        primal, kind, (pattern, *_) = bound.op.origin
        n_linear = len(args) - len(pattern)
        if not any(undefined[n_linear:]):
            transpose = _transpose_jvp if kind == "jvp" else _transpose_vjp
            found = transpose(BoundOp(primal, bound.static), pattern, cts, undefined, args[n_linear:])
            return [*found, *[None] * len(pattern)]
    arrays = [jnp.zeros(x.aval.shape, x.aval.dtype) if ad.is_undefined_primal(x) else x for x in args]
    full = _without_zeros(cts, bound, arrays)
    results = iter(_apply.bind(*full, *arrays, bound=bound.vjp(undefined, len(full))))
    return [next(results) if is_undefined else None for is_undefined in undefined]


def _without_zeros(cts: Sequence[Any], bound: BoundOp, arrays: Sequence[Any]) -> list[Any]:
    types = _result_types(bound, [_spec(x) for x in arrays])
    return [
        jnp.zeros(t.shape, t.dtype) if isinstance(ct, ad.Zero) else ct
        for ct, t in zip(cts, types, strict=True)
    ]


def _transpose_jvp(
    primal: BoundOp, given: Pattern, cts: Sequence[Any], undefined: Pattern, arrays: Sequence[Any]
) -> list[Any]:
    """The transpose of a jvp is the vjp."""
    wanted = iter(undefined)
    needs = tuple(is_given and next(wanted) for is_given in given)
    full = _without_zeros(cts, primal, arrays)
    results = iter(_apply.bind(*full, *arrays, bound=primal.vjp(needs, len(full))))
    return [next(results) if is_undefined else None for is_undefined in undefined[: sum(given)]]


def _transpose_vjp(
    primal: BoundOp, needs: Pattern, cts: Sequence[Any], undefined: Pattern, arrays: Sequence[Any]
) -> list[Any]:
    """The transpose of a vjp is the jvp."""
    n_out = len(undefined) - len(needs)
    of_argument = iter(cts)
    given = tuple(need and not isinstance(next(of_argument), ad.Zero) for need in needs)
    chosen = [ct for ct in cts if not isinstance(ct, ad.Zero)]
    results = _apply.bind(*chosen, *arrays, bound=primal.jvp(given))
    return [x if is_undefined else None for x, is_undefined in zip(results, undefined[:n_out], strict=True)]


def _batch(args: Sequence[Any], dims: Sequence[Any], *, bound: BoundOp) -> tuple[list[Any], list[int]]:
    mapped = tuple(dim is not None for dim in dims)
    fronts = [x if dim is None else jnp.moveaxis(x, dim, 0) for x, dim in zip(args, dims, strict=True)]
    size = next(x.shape[0] for x, is_mapped in zip(fronts, mapped, strict=True) if is_mapped)
    specs = [
        ArraySpec(tuple(x.shape[1:] if is_mapped else x.shape), np.dtype(x.dtype))
        for x, is_mapped in zip(fronts, mapped, strict=True)
    ]
    apply = _apply_folded if bound.can_fold(specs, mapped, size) else _apply_each
    outs = apply(bound, fronts, specs, mapped, size)
    return outs, [0] * len(outs)


def _apply_folded(
    bound: BoundOp, fronts: Sequence[Any], specs: Sequence[ArraySpec], mapped: Pattern, size: int
) -> list[Any]:
    """The whole map in one application: its axis is a part of the batch."""
    folded = []
    for x, spec, is_mapped, carries in zip(
        fronts, specs, mapped, bound.carries_batch(len(fronts)), strict=True
    ):
        if carries:
            wide = x if is_mapped else jnp.broadcast_to(x, (size, *spec.shape))
            x = wide.reshape(size * spec.shape[0], *spec.shape[1:])
        folded.append(x)
    outs = _apply.bind(*folded, bound=bound)
    return [out.reshape(size, *spec.shape) for out, spec in zip(outs, bound.output_specs(specs), strict=True)]


def _apply_each(
    bound: BoundOp, fronts: Sequence[Any], specs: Sequence[ArraySpec], mapped: Pattern, size: int
) -> list[Any]:
    """One application for each element of the map, one after the other."""
    del specs, size

    def apply(rows: list[Any]) -> list[Any]:
        row = iter(rows)
        arrays = [next(row) if is_mapped else x for x, is_mapped in zip(fronts, mapped, strict=True)]
        return _apply.bind(*arrays, bound=bound)

    return jax.lax.map(apply, [x for x, is_mapped in zip(fronts, mapped, strict=True) if is_mapped])


_apply.def_impl(_impl)
_apply.def_abstract_eval(_abstract_eval)
ad.primitive_jvps[_apply] = _jvp
ad.primitive_transposes[_apply] = _transpose
batching.primitive_batchers[_apply] = _batch
mlir.register_lowering(_apply, mlir.lower_fun(_through_callback, multiple_results=True), platform="cpu")


def _accept(value: Any, name: str) -> Any:
    if type(value) in (int, float, bool):
        return None
    if not isinstance(value, (jax.Array, np.ndarray, np.generic)):
        kind = type(value)
        raise TypeError(f"{name}: expected a JAX or NumPy array, given {kind.__module__}.{kind.__qualname__}")
    return jnp.asarray(value)


@functools.cache
def wrap(op: Op) -> Callable[..., Any]:
    """Make a function of JAX arrays out of an op.

    Parameters
    ----------
    op : Op
        Any op, registered or not, derived ops included.

    Returns
    -------
    callable
        Takes what `op` takes, with JAX arrays for NumPy's; Python numbers stay what they are. Returns an
        array, or a tuple of arrays where `op` returns several.
    """

    @functools.wraps(op, updated=())
    def function(*args: Any, **kwargs: Any) -> Any:
        bound, arrays = bind_call(op, args, kwargs, _accept, _spec, jnp.asarray)
        outs = _apply.bind(*arrays, bound=bound)
        return tuple(outs) if op.multiple else outs[0]

    return function


def __getattr__(name: str) -> Callable[..., Any]:
    try:
        return wrap(get_op(name))
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute and no op named {name!r}") from None


def __dir__() -> list[str]:
    return ["wrap", *(op.name for op in all_ops())]
