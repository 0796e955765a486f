"""show_config tells what runs and why."""

import dataclasses

import numpy as np
import pytest

from warpkit._core import _config, _native
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


def test_without_kernels(capsys, monkeypatch):
    monkeypatch.setattr(_native, "load", lambda: _native.Kernels(None, None, None, "switched off"))
    config = _config.show_config()
    assert not config.compiled
    printed = capsys.readouterr().out
    assert "none: array code does the work" in printed
    assert "switched off" in printed
