r"""Derived ops: the vector-Jacobian and Jacobian-vector products of an op, as ops.

For an op :math:`y = f(x_1, \dots, x_k)` with Jacobians :math:`J_i = \partial y / \partial x_i`,

* ``f.vjp`` computes :math:`\bar x_i = J_i^T \bar y` from the cotangent :math:`\bar y` of the output,
* ``f.jvp`` computes :math:`\dot y = \sum_i J_i \dot x_i` from tangents :math:`\dot x_i` of the inputs.

Each is itself an op, so each has a vjp and a jvp, to any order. Their derivatives come from
differentiating their own bodies, which are the rules (or, where a rule is missing, the derivative of the
body of `f`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ._arrays import as_array, is_plain, namespace
from ._errors import wrong_value
from ._tracer import Tracer, differentiator, plain, top_tracer
from ._types import Array, ArraySpec

if TYPE_CHECKING:
    from ._op import Op

Pattern = tuple[bool, ...]


def zeros_like(x: Array) -> Array:
    """A plain array of zeros with the shape and dtype of `x`."""
    bottom = plain(x)
    return namespace(bottom).zeros(bottom.shape, bottom.dtype)


class _Derivative:
    """What :class:`Vjp` and :class:`Jvp` share: a rule, kernels, and the ops of each pattern."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self.own_rule: Callable[..., Any] | None = None
        self.kernels: list[Callable[..., Any]] = []
        self._ops: dict[Any, Op] = {}
        self._takes_out = False

    def rule(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate the explicit rule."""
        self.own_rule = function
        self._takes_out = "out" in inspect.signature(function).parameters
        return function

    def kernel(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a compiled override of the rule. It returns NotImplemented where it does not fit."""
        self.kernels.append(function)
        return function

    def differentiable(self, arrays: Sequence[Array]) -> Pattern:
        """Which of `arrays` have a floating dtype."""
        return tuple([array.dtype.kind == "f" for array in arrays])

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} of {self.op!r}>"


class Vjp(_Derivative):
    """The vector-Jacobian product of an op: ``op.vjp(ct_out, *args, needs=..., **static)``."""

    def __call__(self, ct_out: Any, *args: Any, needs: Sequence[bool] | None = None, **kwargs: Any) -> Any:
        """Compute the cotangents of the array arguments.

        Parameters
        ----------
        ct_out : array or tuple of arrays
            Cotangent of the output, of its shape; a tuple where the op returns one. None means zero.
        *args, **kwargs
            The arguments of the op itself.
        needs : sequence of bool, optional
            Which array arguments' cotangents are computed; all floating ones by default.

        Returns
        -------
        tuple
            One cotangent per array argument, of its shape and dtype; None where not asked for.
        """
        arrays, static = self.op.bind(args, kwargs)
        pattern = self._pattern(needs, arrays)
        cotangents = self._cotangents(ct_out, arrays, static)
        derived = self.of(pattern, len(cotangents))
        wanted = iter(_run_checked(derived, (*cotangents, *arrays), static) if any(pattern) else ())
        return tuple(next(wanted) if need else None for need in pattern)

    def of(self, needs: Pattern, n_out: int = 1, with_out: bool = False) -> Op:
        """The op ``(*ct_out, *arrays, *out) -> cotangents of those arrays that `needs` marks``.

        `n_out` is the number of outputs of the primal. `with_out` adds the primal's outputs as arguments,
        for a rule that takes them (:attr:`takes_out`) where the caller has them at hand.
        """
        key = (needs, n_out, with_out)
        if key not in self._ops:
            self._ops.setdefault(key, _vjp_op(self, needs, n_out, with_out))  # once, whatever threads do
        return self._ops[key]

    @property
    def takes_out(self) -> bool:
        """Whether the rule has a parameter ``out``: the primal's output, None where it is not at hand."""
        return self._takes_out

    def evaluate(
        self, ct_out: Any, arrays: Sequence[Array], needs: Pattern, static: dict[str, Any], out: Any = None
    ) -> Any:
        """Apply the rule, or differentiate the op's body."""
        if self.own_rule is None:
            if differentiator.vjp_of is None:
                raise RuntimeError("import warpkit.autograd: it differentiates bodies that have no rule")
            return differentiator.vjp_of(lambda *xs: self.op.body(*xs, **static), arrays, needs, ct_out)
        if self.takes_out:
            static = {**static, "out": out}
        return self.own_rule(ct_out, *arrays, needs=needs, **static)

    def _pattern(self, needs: Sequence[bool] | None, arrays: Sequence[Array]) -> Pattern:
        possible = self.differentiable(arrays)
        if needs is None:
            return possible
        if len(needs) != len(arrays):
            raise wrong_value("needs", f"{len(arrays)} booleans, one per array argument", tuple(needs))
        for i, (need, can) in enumerate(zip(needs, possible, strict=True)):
            if need and not can:
                raise TypeError(
                    f"needs: expected a floating array where a cotangent is asked for, given "
                    f"{self.op.argument_name(i)} of dtype {arrays[i].dtype}"
                )
        return tuple(map(bool, needs))

    def _cotangents(self, ct_out: Any, arrays: Sequence[Array], static: dict[str, Any]) -> tuple[Array, ...]:
        specs = self.op.output_specs([ArraySpec.of(array) for array in arrays], static)
        given = tuple(ct_out) if self.op.multiple else (ct_out,)
        if len(given) != len(specs):
            raise wrong_value("ct_out", f"{len(specs)} cotangents, one per output", len(given))
        return tuple([_conform(ct, spec, "ct_out", arrays[0]) for ct, spec in zip(given, specs, strict=True)])


class Jvp(_Derivative):
    """The Jacobian-vector product of an op: ``op.jvp(tangents, *args, **static)``."""

    def __call__(self, tangents: Sequence[Array | None], *args: Any, **kwargs: Any) -> Any:
        """Compute the tangent of the output.

        Parameters
        ----------
        tangents : sequence of arrays or None
            One tangent per array argument, of its shape. None means zero.
        *args, **kwargs
            The arguments of the op itself.

        Returns
        -------
        array or tuple of arrays
            The tangent of the output, of its shape and dtype.
        """
        arrays, static = self.op.bind(args, kwargs)
        for spec in self.op.output_specs([ArraySpec.of(array) for array in arrays], static):
            if not spec.differentiable:
                raise TypeError(f"{self.op.name}: an output of dtype {spec.dtype} has no tangent")
        if len(tangents) != len(arrays):
            raise wrong_value("tangents", f"{len(arrays)}, one per array argument", len(tangents))
        given = []
        for i, (tangent, array) in enumerate(zip(tangents, arrays, strict=True)):
            if tangent is not None:
                name = f"tangents[{i}] ({self.op.argument_name(i)})"
                given.append(_conform(tangent, ArraySpec.of(array), name, array))
        derived = self.of(tuple(t is not None for t in tangents))
        return _run_checked(derived, (*given, *arrays), static)

    def of(self, given: Pattern) -> Op:
        """The op ``(*tangents of the arrays that `given` marks, *arrays) -> tangent of the output``."""
        if given not in self._ops:
            self._ops.setdefault(given, _jvp_op(self, given))
        return self._ops[given]

    def evaluate(
        self, tangents: Sequence[Array | None], arrays: Sequence[Array], static: dict[str, Any]
    ) -> Any:
        """Apply the rule, or differentiate the op's body."""
        if self.own_rule is None:
            if differentiator.jvp_of is None:
                raise RuntimeError("import warpkit.autograd: it differentiates bodies that have no rule")
            return differentiator.jvp_of(lambda *xs: self.op.body(*xs, **static), arrays, tangents)
        tan_out = self.own_rule(tuple(tangents), *arrays, **static)
        return tan_out if self.op.multiple else (tan_out,)


def _run_checked(op: Op, arrays: Sequence[Array], static: dict[str, Any]) -> Any:
    """Run a derived op on what the primal's spec has seen, and what was made to conform to it."""
    run = op.compute if top_tracer(arrays) is None else op.apply
    return run(arrays, static)


def _conform(x: Array | None, spec: ArraySpec, argument: str, like: Array) -> Array:
    """A cotangent or tangent has the shape and dtype of what it belongs to; None is zero.

    Zeros are of the library of `like`.
    """
    if x is None:
        return namespace(plain(like)).zeros(spec.shape, spec.dtype)
    if not (is_plain(x) or isinstance(x, Tracer)):
        x = as_array(x, argument)
    if tuple(x.shape) != spec.shape:
        raise wrong_value(argument, f"shape {spec.shape}", f"shape {tuple(x.shape)}")
    if x.dtype.kind == "f" and not spec.differentiable:
        raise TypeError(
            f"{argument}: expected None, for what has dtype {spec.dtype} has no derivative; given {x.dtype}"
        )
    return x if x.dtype == spec.dtype else x.astype(spec.dtype)


def _vjp_op(vjp: Vjp, needs: Pattern, n_out: int, with_out: bool) -> Op:
    primal = vjp.op
    n_in = len(needs)

    def split(arrays: Sequence[Array]) -> tuple[Any, Sequence[Array], Any]:
        cts, args, outs = arrays[:n_out], arrays[n_out : n_out + n_in], arrays[n_out + n_in :]
        if primal.multiple:
            return tuple(cts), args, tuple(outs) if with_out else None
        return cts[0], args, outs[0] if with_out else None

    def body(*arrays: Array, **static: Any) -> tuple[Array, ...]:
        ct_out, args, out = split(arrays)
        results = vjp.evaluate(ct_out, args, needs, static, out)
        wanted = [(i, args[i], results[i]) for i, need in enumerate(needs) if need]
        for i, x, ct in wanted:
            if ct is None or tuple(ct.shape) != tuple(x.shape) or ct.dtype != x.dtype:
                found = "None" if ct is None else f"shape {tuple(ct.shape)}, {ct.dtype}"
                raise RuntimeError(
                    f"the vjp rule of {primal.name!r} owes {primal.argument_name(i)} a cotangent of "
                    f"shape {tuple(x.shape)}, {x.dtype}; it returned {found}"
                )
        return tuple(ct for _, _, ct in wanted)

    def spec(*inputs: ArraySpec, **static: Any) -> tuple[ArraySpec, ...]:
        args = inputs[n_out : n_out + n_in]
        primal.output_specs(args, static)
        return tuple(x for x, need in zip(args, needs, strict=True) if need)

    def adapt(kernel: Callable[..., Any]) -> Callable[..., Any]:
        def adapted(*arrays: Array, **static: Any) -> Any:
            ct_out, args, _ = split(arrays)
            results = kernel(ct_out, *args, needs=needs, **static)
            return results if results is NotImplemented else tuple(x for x in results if x is not None)

        return adapted

    cotangents = ("ct_out",) if n_out == 1 else tuple(f"ct_out{i}" for i in range(n_out))
    outs = tuple(f"out{i}" for i in range(n_out)) if with_out else ()
    names = (*cotangents, *(primal.argument_name(i) for i in range(n_in)), *outs)
    pattern = "".join(str(int(need)) for need in needs) + ("+out" if with_out else "")
    derived = _derive(vjp, f"vjp[{pattern}]", names, body, cotangents, multiple=True)
    derived.spec(spec)
    derived.kernels = [adapt(kernel) for kernel in vjp.kernels]
    derived.origin = (primal, "vjp", (needs, n_out, with_out))
    return derived


def _jvp_op(jvp: Jvp, given: Pattern) -> Op:
    primal = jvp.op
    n_tangents = sum(given)

    def split(arrays: Sequence[Array]) -> tuple[tuple[Array | None, ...], Sequence[Array]]:
        tangents = iter(arrays[:n_tangents])
        return tuple(next(tangents) if is_given else None for is_given in given), arrays[n_tangents:]

    def body(*arrays: Array, **static: Any) -> Any:
        tangents, args = split(arrays)
        results = jvp.evaluate(tangents, args, static) if n_tangents else None
        if results is None or any(tangent is None for tangent in results):
            specs = primal.output_specs([ArraySpec.of(x) for x in args], static)
            results = (None,) * len(specs) if results is None else results
            xp = namespace(plain(args[0]))
            results = tuple(
                xp.zeros(spec.shape, spec.dtype) if tangent is None else tangent
                for tangent, spec in zip(results, specs, strict=True)
            )
        return tuple(results) if primal.multiple else results[0]

    def spec(*inputs: ArraySpec, **static: Any) -> tuple[ArraySpec, ...]:
        return primal.output_specs(inputs[n_tangents:], static)

    def adapt(kernel: Callable[..., Any]) -> Callable[..., Any]:
        def adapted(*arrays: Array, **static: Any) -> Any:
            tangents, args = split(arrays)
            return kernel(tangents, *args, **static)

        return adapted

    tangents = tuple(f"tan_{primal.argument_name(i)}" for i, is_given in enumerate(given) if is_given)
    names = (*tangents, *(primal.argument_name(i) for i in range(len(given))))
    pattern = "".join(str(int(is_given)) for is_given in given)
    derived = _derive(jvp, f"jvp[{pattern}]", names, body, tangents, multiple=primal.multiple)
    derived.spec(spec)
    derived.kernels = [adapt(kernel) for kernel in jvp.kernels]
    derived.origin = (primal, "jvp", (given,))
    return derived


def _derive(
    derivative: _Derivative,
    suffix: str,
    names: tuple[str, ...],
    body: Callable[..., Any],
    linear: tuple[str, ...],
    *,
    multiple: bool,
) -> Op:
    """An op of the same kind as the primal, linear in its cotangents or tangents.

    It carries the batch in all arguments if the primal does so in all of its; if one of them is shared
    by the batch, its cotangent is a sum over the batch, and nothing can be said.
    """
    primal = derivative.op
    everything_batched = set(primal.batch) == set(primal.arrays)
    return type(primal)(
        f"{primal.name}.{suffix}",
        body,
        names,
        primal.static,
        linear=linear,
        batch=names if everything_batched else (),
        multiple=multiple,
    )
