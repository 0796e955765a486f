"""What holds for every op: the registry is swept, so a new op is tested by being registered."""

import importlib
import pickle
import pkgutil

import numpy as np
import pytest

import warpkit
from warpkit._core import ArraySpec
from warpkit.testing import all_ops, check_op, check_spec, check_vjp

for room in pkgutil.iter_modules(warpkit.__path__):
    if room.name not in ("__main__", "bridges", "cli"):
        importlib.import_module(f"warpkit.{room.name}")

OPS = [op for op in all_ops() if op.__module__.startswith("warpkit.")]
every_op = pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)


def samples(op):
    return op.draw_samples(np.random.default_rng(7))


def floating(arrays):
    return tuple(x.dtype.kind == "f" for x in arrays)


def derived_calls(op, sample):
    """The op, its vjp and its jvp, each with arrays to call it with."""
    rng = np.random.default_rng(8)
    pattern = floating(sample.arrays)
    specs = op.output_specs([ArraySpec.of(x) for x in sample.arrays], sample.static)
    yield op, sample.arrays
    if any(pattern) and all(spec.differentiable for spec in specs):
        cts = [rng.standard_normal(spec.shape).astype(spec.dtype) for spec in specs]
        moving = [x for x in sample.arrays if x.dtype.kind == "f"]
        tangents = [rng.standard_normal(x.shape).astype(x.dtype) for x in moving]
        yield op.vjp.of(pattern, len(cts)), (*cts, *sample.arrays)
        yield op.jvp.of(pattern), (*tangents, *sample.arrays)


def outputs(op, arrays, static):
    result = op.apply(arrays, static)
    return result if op.multiple else (result,)


def strided(x, kind):
    """The values of `x` in memory laid out otherwise, read-only."""
    if kind == "backwards":
        flip = (..., *(slice(None, None, -1),) * x.ndim)
        x = x[flip].copy()[flip]
    elif kind == "gaps":
        every_second = (..., *(slice(None, None, 2),) * x.ndim)
        wide = np.full([2 * n for n in x.shape], 77, x.dtype)
        wide[every_second] = x
        x = wide[every_second]
    else:
        x = np.asarray(x, order="F").copy(order="F")
    x.flags.writeable = False
    return x


def assert_same(found, expected, *, bits):
    """The same bits, or the same but for the order that NumPy or BLAS adds in."""
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    if bits:
        np.testing.assert_array_equal(found, expected)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


def test_there_are_ops():
    assert len(OPS) > 30


@every_op
def test_record_is_complete(op):
    assert op.__doc__
    assert op._spec is not None
    assert samples(op)
    assert set(op.linear) | set(op.batch) <= {name.lstrip("*") for name in op.arrays}
    # Either both rules, or a body that is written in ops.
    assert (op.vjp.own_rule is None) == (op.jvp.own_rule is None)


@every_op
def test_derivatives(op):
    check_op(op, seed=3)


@every_op
def test_float32(op):
    """The same derivatives in float32, but for its rounding; cotangents are float32, too."""
    for sample in samples(op):
        narrow = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in sample.arrays]
        static = {name: "float32" if v == "float64" else v for name, v in sample.static.items()}
        check_spec(op, *narrow, **static)
        check_vjp(op, *narrow, **static)
        wide = type(sample)(tuple(x.astype(np.float64) if x.dtype.kind == "f" else x for x in narrow), static)
        for (derived, arrays), (_, exact) in zip(
            derived_calls(op, type(sample)(tuple(narrow), static)), derived_calls(op, wide), strict=True
        ):
            for out, reference in zip(
                outputs(derived, arrays, static), outputs(derived, exact, static), strict=True
            ):
                scale = float(np.abs(reference).max(initial=0))
                np.testing.assert_allclose(out, reference, rtol=1e-4, atol=1e-4 * scale)


@every_op
def test_mixed_precision(op):
    """One argument in float32 among float64 ones: a cotangent has the dtype of its own argument."""
    for sample in samples(op):
        if sum(floating(sample.arrays)) < 2:
            continue
        for i, is_floating in enumerate(floating(sample.arrays)):
            if is_floating:
                arrays = list(sample.arrays)
                arrays[i] = arrays[i].astype(np.float32)
                check_spec(op, *arrays, **sample.static)
                check_vjp(op, *arrays, **sample.static)


@every_op
@pytest.mark.parametrize("kind", ["backwards", "gaps", "fortran"])
def test_any_memory_layout(op, kind):
    """Read-only and strided arrays are welcome, and change nothing: in sampling not a bit."""
    bits = op.__module__.startswith("warpkit.sampling.")
    for sample in samples(op):
        for derived, arrays in derived_calls(op, sample):
            expected = outputs(derived, arrays, sample.static)
            found = outputs(derived, tuple(strided(x, kind) for x in arrays), sample.static)
            for x, y in zip(found, expected, strict=True):
                assert_same(x, y, bits=bits)


@every_op
def test_arguments_are_never_modified(op):
    for sample in samples(op):
        for derived, arrays in derived_calls(op, sample):
            before = [x.copy() for x in arrays]
            outputs(derived, arrays, sample.static)
            for x, y in zip(arrays, before, strict=True):
                np.testing.assert_array_equal(x, y)


@every_op
def test_alone_or_in_a_batch(op):
    """One element of the batch alone gives what it gives among others, to the bit outside networks."""
    bits = not op.__module__.startswith(("warpkit.ops.", "warpkit.nn."))
    for sample in samples(op):
        for derived, arrays in derived_calls(op, sample):
            carries = [derived.argument_name(i) in derived.batch for i in range(len(arrays))]
            lengths = {x.shape[0] for x, carry in zip(arrays, carries, strict=True) if carry}
            if len(lengths) != 1:
                continue
            (length,) = lengths
            together = outputs(derived, arrays, sample.static)

            def part(chosen, arrays=arrays, carries=carries, derived=derived, static=sample.static):
                cut = tuple(x[chosen] if carry else x for x, carry in zip(arrays, carries, strict=True))
                return outputs(derived, cut, static)

            for i in range(length):
                for x, y in zip(part(slice(i, i + 1)), together, strict=True):
                    assert_same(x, y[i : i + 1], bits=bits)
            for x, y in zip(part(slice(0, 0)), together, strict=True):
                assert_same(x, y[:0], bits=True)


@every_op
def test_pickle(op):
    assert pickle.loads(pickle.dumps(op)) is op
    for sample in samples(op):
        for derived, _ in derived_calls(op, sample):
            assert pickle.loads(pickle.dumps(derived)) is derived
