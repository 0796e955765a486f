"""The op: a pure function of arrays together with everything known about it.

An op is made by decorating its body, and completed by decorating the rest in the same file::

    @op(linear=("image",), batch=("image", "grid"))
    def grid_sample(image: Array, grid: Array, *, kernel: str = "linear") -> Array: ...   # the body

    @grid_sample.spec
    def _spec(image, grid, *, kernel): ...              # ArraySpecs in, ArraySpec out; raises errors

    @grid_sample.vjp.rule
    def _vjp(ct_out, image, grid, *, needs, kernel): ...      # returns (ct_image, ct_grid)

    @grid_sample.jvp.rule
    def _jvp(tangents, image, grid, *, kernel): ...           # returns tan_out

    @grid_sample.samples
    def _samples(rng): ...                                    # yields Sample

    @grid_sample.kernel                                       # a compiled override of the body;
    def _kernel(image, grid, *, kernel): ...                  # NotImplemented where it does not fit

Rules are written in ops and operators, so that they can be differentiated in their turn. A missing rule
means that the body is written in ops: it is then differentiated itself.

`op.vjp` and `op.jvp` are families of ops: one for each choice of the arguments whose cotangent is asked
for (`needs`), or whose tangent is given (`given`). What is not asked for is thereby never computed and
never an output, and tape and bridges see nothing but arrays. See :mod:`warpkit._core._derived`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ._arrays import as_array, is_plain, namespace
from ._derived import Jvp, Vjp
from ._registry import get_op, register
from ._static import freeze
from ._tracer import Tracer, plain, top_tracer
from ._types import Array, ArraySpec, Sample


class Op:
    """A pure function of arrays with its derivatives; call it like a function.

    Parameters
    ----------
    name : str
        The name it is registered by.
    body : callable
        Generic array code. Takes the array arguments by position and the static ones by keyword.
    arrays : tuple of str
        Names of the array arguments; a last name that starts with ``*`` takes any number of arrays.
    static : dict
        Names of the static arguments with their defaults (`inspect.Parameter.empty` where required).
    linear : tuple of str
        Array arguments in which the op is linear, each for itself.
    batch : tuple of str
        Array arguments whose first axis is the batch, as is the first axis of the output.
    multiple : bool
        Whether the body returns a tuple of arrays.
    keyword_only : tuple of str
        Static arguments that are not taken by position.
    optional : tuple of str
        Array arguments at the end that may be left out, or be None: the op is then one of fewer arrays.
    """

    def __init__(
        self,
        name: str,
        body: Callable[..., Any],
        arrays: tuple[str, ...],
        static: dict[str, Any],
        *,
        linear: tuple[str, ...] = (),
        batch: tuple[str, ...] = (),
        multiple: bool = False,
        keyword_only: tuple[str, ...] = (),
        optional: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.body = body
        self.arrays = arrays
        self.static = static
        self.linear = linear
        self.batch = batch
        self.multiple = multiple
        self.optional = optional
        self.positional = tuple(name for name in static if name not in keyword_only)
        self.required = tuple(name for name in static if static[name] is inspect.Parameter.empty)
        self.kernels: list[Callable[..., Any]] = []
        self.vjp = Vjp(self)
        self.jvp = Jvp(self)
        self.origin: tuple[Op, str, tuple[Any, ...]] | None = None  # what a derived op was derived from
        self._spec: Callable[..., ArraySpec | tuple[ArraySpec, ...]] | None = None
        self._samples: Callable[..., Iterable[Sample]] | None = None

    # Definition.
    def spec(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate the function that checks the arguments and tells the output's shape and dtype."""
        self._spec = function
        return function

    def samples(self, function: Callable[..., Iterable[Sample]]) -> Callable[..., Iterable[Sample]]:
        """Decorate the function that yields samples of arguments, given a random generator."""
        self._samples = function
        return function

    def kernel(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a compiled override of the body. It returns NotImplemented where it does not fit."""
        self.kernels.append(function)
        return function

    # Use.
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arrays, static = self.bind(args, kwargs)
        return self.apply(arrays, static)

    def apply(self, arrays: Sequence[Array], static: dict[str, Any]) -> Any:
        """Run the op on bound arguments: the way in for tape, bridges and derived ops."""
        tracer = top_tracer(arrays)
        if tracer is not None:
            return type(tracer).apply_op(tracer.level, self, arrays, static)
        self.output_specs([ArraySpec.of(array) for array in arrays], static)
        return self.compute(arrays, static)

    def compute(self, arrays: Sequence[Array], static: dict[str, Any]) -> Any:
        """Run the op on arrays that are no tracers, and that its spec has seen."""
        for kernel in self.kernels:
            result = kernel(*arrays, **static)
            if result is not NotImplemented:
                return result
        return self.body(*arrays, **static)

    def output_specs(self, inputs: Sequence[ArraySpec], static: dict[str, Any]) -> tuple[ArraySpec, ...]:
        """Check the arguments and tell the specs of the outputs, without computing anything."""
        if self._spec is None:
            raise NotImplementedError(f"op {self.name!r} has no spec: decorate one with @{self.name}.spec")
        result = self._spec(*inputs, **static)
        return result if isinstance(result, tuple) else (result,)

    def draw_samples(self, rng: np.random.Generator) -> list[Sample]:
        """Arguments to test this op with; empty where none are declared."""
        return [] if self._samples is None else list(self._samples(rng))

    def bind(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[tuple[Array, ...], dict[str, Any]]:
        """Sort a call's arguments into arrays and static arguments.

        Raises
        ------
        TypeError
            If an argument is missing, unknown, given twice, of the wrong type, or of another library.
        """
        if self.arrays and self.arrays[-1].startswith("*"):
            given, rest = list(args), []
        else:
            given, rest = list(args[: len(self.arrays)]), list(args[len(self.arrays) :])
            for name in self.arrays[len(given) :]:
                if name not in kwargs and name not in self.optional:
                    raise TypeError(f"{self.name}: argument {name!r} is missing")
                given.append(kwargs.get(name))
            while given and given[-1] is None and self.arrays[len(given) - 1] in self.optional:
                given.pop()
        return self._as_arrays(given), self._as_static(rest, kwargs, self.arrays[len(args) :])

    def argument_name(self, position: int) -> str:
        """The name of the array argument at `position`, for messages."""
        if position >= len(self.arrays) - 1 and self.arrays[-1].startswith("*"):
            return f"{self.arrays[-1][1:]}[{position - len(self.arrays) + 1}]"
        return self.arrays[position]

    def _as_arrays(self, given: list[Any]) -> tuple[Array, ...]:
        if all(map(is_plain, given)):
            return tuple(given)
        numbers = [type(x) in (int, float, bool) for x in given]
        arrays = [
            x if isinstance(x, Tracer) or number else as_array(x, self.argument_name(i))
            for i, (x, number) in enumerate(zip(given, numbers, strict=True))
        ]
        others = [x for x, number in zip(arrays, numbers, strict=True) if not number]
        xp = namespace(*[plain(x) for x in others]) if others else np
        for i, number in enumerate(numbers):
            if number:  # a Python number takes the dtype of the arrays that it meets
                dtype = np.result_type(*[x.dtype for x in others], given[i]) if others else None
                arrays[i] = xp.asarray(given[i], dtype=dtype)
        return tuple(arrays)

    def _as_static(
        self, rest: list[Any], kwargs: dict[str, Any], expected: tuple[str, ...]
    ) -> dict[str, Any]:
        static = dict(self.static)
        if len(rest) > len(self.positional):
            takes = (*self.arrays, *self.positional)
            raise TypeError(
                f"{self.name}: expected at most {len(takes)} arguments by position ({', '.join(takes)}), "
                f"given {len(self.arrays) + len(rest)}"
            )
        positional = dict(zip(self.positional, rest, strict=False))
        for name, value in (*positional.items(), *kwargs.items()):
            if name in expected:
                continue
            if name not in static or (name in positional and name in kwargs):
                raise TypeError(
                    f"{self.name}: argument {name!r} is unknown or given twice; its arguments are "
                    + ", ".join((*self.arrays, *static))
                )
            static[name] = freeze(value, name)
        for name in self.required:
            if static[name] is inspect.Parameter.empty:
                raise TypeError(f"{self.name}: argument {name!r} is missing")
        return static

    def __repr__(self) -> str:
        return f"<warpkit op {self.name}>"

    def __reduce__(self) -> Any:
        if self.origin is None:
            return (get_op, (self.name,))
        return (_derived_op, self.origin)


def _derived_op(primal: Op, kind: str, key: tuple[Any, ...]) -> Op:
    """Find a derived op again; for pickle."""
    return getattr(primal, kind).of(*key)


def op(*, linear: tuple[str, ...] = (), batch: tuple[str, ...] = ()) -> Callable[[Callable[..., Any]], Op]:
    """Make an op of the decorated body and register it.

    Parameters of the body annotated ``Array`` are its array arguments; they come first, and after them those
    annotated ``Array | None``, which may be left out. All others are static. The body's docstring is that of
    the op.
    """

    def decorate(body: Callable[..., Any]) -> Op:
        arrays: list[str] = []
        static: dict[str, Any] = {}
        keyword_only: list[str] = []
        optional: list[str] = []
        signature = inspect.signature(body)
        for parameter in signature.parameters.values():
            if parameter.annotation in ("Array", Array):
                star = "*" if parameter.kind is inspect.Parameter.VAR_POSITIONAL else ""
                arrays.append(star + parameter.name)
            elif parameter.annotation in ("Array | None", Array | None):
                arrays.append(parameter.name)
                optional.append(parameter.name)
            else:
                static[parameter.name] = parameter.default
                if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                    keyword_only.append(parameter.name)
        new = Op(
            body.__name__,
            body,
            tuple(arrays),
            static,
            linear=linear,
            batch=batch,
            keyword_only=tuple(keyword_only),
            optional=tuple(optional),
        )
        new.__doc__ = body.__doc__
        new.__name__ = new.__qualname__ = body.__name__  # type: ignore[attr-defined]
        new.__module__ = body.__module__
        new.__signature__ = signature  # type: ignore[attr-defined]
        new.__wrapped__ = body  # type: ignore[attr-defined]
        register(new)
        return new

    return decorate
