"""Says in the entry of each op that samples which of its work is compiled and which is array code.

Found out by trial: a compiled kernel that does not fit its arguments returns ``NotImplemented``. So what is
said follows from the kernels that are registered, and nobody has to keep a list.
"""

import numpy as np

from warpkit._core import Op, _native, all_ops
from warpkit.sampling._checks import WEIGHTED_DTYPES
from warpkit.sampling.kernels._kernel import _kernels


def fits(kernels, arrays, static):
    """Whether one of the compiled kernels takes these arguments."""
    return any(kernel(*arrays, **static) is not NotImplemented for kernel in kernels)


def listed(names):
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def split(names, holds):
    """The names for which something holds, and the others."""
    true = [name for name in names if holds(name)]
    return true, [name for name in names if name not in true]


class Trial:
    """An op's compiled kernels, tried on its samples."""

    def __init__(self, op: Op) -> None:
        self.op = op
        samples = op.draw_samples(np.random.default_rng(0))
        compiled = [sample for sample in samples if fits(op.kernels, sample.arrays, sample.static)]
        self.ndims = sorted({sample.arrays[0].ndim - 2 for sample in compiled})
        self.arrays, self.static = compiled[0].arrays, compiled[0].static

    def kernels(self):
        """Sampling kernels that are compiled, and those that are not."""
        return split(
            _kernels, lambda name: fits(self.op.kernels, self.arrays, self.static | {"kernel": name})
        )

    def dtypes(self):
        """Dtypes of the first argument that are compiled, and those that are not."""

        def fits_dtype(name):
            return fits(self.op.kernels, (self.arrays[0].astype(name), *self.arrays[1:]), self.static)

        return split(WEIGHTED_DTYPES, fits_dtype)

    def cotangents(self):
        """Arguments whose cotangents are compiled, and those whose are not."""
        ct_out = self.op.apply(self.arrays, self.static)

        def fits_one(name):
            needs = tuple(argument == name for argument in self.op.arrays)
            return fits(self.op.vjp.of(needs).kernels, (ct_out, *self.arrays), self.static)

        return split(self.op.arrays, fits_one)

    def tangents(self):
        """Arguments whose tangents' effect is compiled, and those whose is not."""

        def fits_one(name):
            given = tuple(argument == name for argument in self.op.arrays)
            tangent = self.arrays[self.op.arrays.index(name)]
            return fits(self.op.jvp.of(given).kernels, (tangent, *self.arrays), self.static)

        return split(self.op.arrays, fits_one)


def paragraphs(op):
    """What is compiled of an op, and what is not."""
    if not op.kernels:
        return ["None of its own: array code, and whatever is compiled of the ops that it calls."]
    trial = Trial(op)
    kernels, dtypes, cotangents, tangents = (
        trial.kernels(),
        trial.dtypes(),
        trial.cotangents(),
        trial.tangents(),
    )
    compiled, rest = ["values"], []
    for parts, what in ((cotangents, "cotangents of"), (tangents, "tangents by")):
        compiled += [f"{what} {listed(parts[0])}"] if parts[0] else []
        rest += [f"{what} {listed(parts[1])}"] if parts[1] else []
    rest += [f"the kernels {listed(kernels[1])}"] if kernels[1] else []
    rest += ["a kernel of your own", f"another dtype of {op.arrays[0]}", "CuPy arrays"]
    ndims = listed([f"{ndim}D" for ndim in trial.ndims])
    return [
        f"* Compiled: {'; '.join(compiled)}.",
        f"* In {ndims}, with the kernels {listed(kernels[0])} and {op.arrays[0]} of {listed(dtypes[0])}.",
        f"* Array code: {'; '.join(rest)}.",
    ]


def tell(app, what, name, thing, options, lines):
    """Add the paragraphs to an op's entry."""
    ops = {op.name: op for op in all_ops() if op.kernels or "kernel" in op.static}
    op = ops.get(name.rpartition(".")[2])
    if what == "function" and op is not None and _native.load().library is not None:
        lines += ["", ".. rubric:: Compiled parts", "", *paragraphs(op), ""]


def setup(app):
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", tell, priority=600)  # after numpydoc's own
    return {"parallel_read_safe": True}
