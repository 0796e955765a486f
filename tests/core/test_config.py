"""show_config tells what runs and why."""

import dataclasses

import numpy as np
import pytest

from warpkit._core import _config, _native, all_ops
from warpkit._core._threads import get_num_threads


def test_facts(capsys):
    config = _config.show_config()
    kernels = _native.load()
    assert config.numpy == np.__version__
    assert config.num_threads == get_num_threads()
    assert config.compiled == (kernels.library is not None)
    assert (config.library, config.instruction_set) == (kernels.path, kernels.instruction_set)
    printed = capsys.readouterr().out
    assert printed == f"{config}\n"
    assert config.reason in printed
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.compiled = False


@pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)
def test_compiled_ops():
    """Those of the registry that have kernels, and of each the parts that have them."""
    config = _config.read_config()
    assert config.compiled_ops["grid_sample"] == ("forward", "vjp", "jvp")
    assert config.compiled_ops["grid_push"] == ("forward", "vjp")
    for op in all_ops():
        parts = config.compiled_ops.get(op.name, ())
        has = (bool(op.kernels), bool(op.vjp.kernels), bool(op.jvp.kernels))
        assert tuple(part in parts for part in ("forward", "vjp", "jvp")) == has
        assert (f" {op.name} ({', '.join(parts)})\n" in str(config)) == bool(parts)


def test_without_kernels(capsys, monkeypatch):
    monkeypatch.setattr(_native, "load", lambda: _native.Kernels(None, None, None, "switched off"))
    config = _config.show_config()
    assert not config.compiled
    assert config.compiled_ops == {}
    printed = capsys.readouterr().out
    assert "none: array code does the work" in printed
    assert "switched off" in printed
