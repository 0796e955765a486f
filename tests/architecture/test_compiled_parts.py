"""What the reference says is compiled, found out by trial: so no call falls back to array code unnoticed."""

import importlib.util
from pathlib import Path

import pytest

from warpkit._core import _native, all_ops, get_op
from warpkit.sampling._checks import WEIGHTED_DTYPES
from warpkit.sampling._native_arguments import KERNELS

pytestmark = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)

FILE = Path(__file__).parents[2] / "docs" / "compiled_parts.py"
FUSED = ("warp_affine", "warp_projective", "warp_tps")


@pytest.fixture(scope="module")
def compiled_parts():
    spec = importlib.util.spec_from_file_location("compiled_parts", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["grid_sample", "grid_push", *FUSED])
def test_every_kernel_and_dtype_is_compiled(compiled_parts, name):
    trial = compiled_parts.Trial(get_op(name))
    assert set(trial.kernels()[0]) == set(KERNELS)
    floating = [dtype for dtype in WEIGHTED_DTYPES if dtype.startswith("float")]
    assert trial.dtypes()[0] == (floating if name == "grid_push" else list(WEIGHTED_DTYPES))


@pytest.mark.parametrize("name", ["grid_sample", *FUSED])
def test_derivatives_are_compiled(compiled_parts, name):
    trial = compiled_parts.Trial(get_op(name))
    others = ["control_points"] if name == "warp_tps" else []
    arguments = [argument for argument in get_op(name).arrays if argument not in others]
    assert trial.cotangents() == trial.tangents() == (arguments, others)


def test_text_of_every_op(compiled_parts):
    """Each of an op's cotangents and tangents is either compiled or array code."""
    for op in all_ops():
        text = compiled_parts.paragraphs(op)
        assert len(text) == (3 if op.kernels else 1)
        if op.kernels:
            names = " ".join(text).replace(",", " ").replace(";", " ").replace(".", " ").split()
            assert all(names.count(name) >= 2 for name in op.arrays)
