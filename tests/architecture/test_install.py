"""What an installation must hold: the compiled kernels wherever they could be built, and one version."""

import dataclasses
import os
import shutil
from importlib.metadata import version

import pytest

import warpkit


def compiler():
    """The C++ compiler that CMake would find: CXX where it is set, else the usual names."""
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["c++", "g++", "clang++", "cl"]
    return next((path for path in map(shutil.which, names) if path), None)


def test_kernels_are_compiled_where_a_compiler_exists():
    if os.environ.get("WARPKIT_KERNELS") == "off":
        pytest.skip("compiled kernels are switched off by WARPKIT_KERNELS")
    if compiler() is None:
        pytest.skip("no C++ compiler on this machine: the pure-Python library is what it should have")
    config = warpkit.show_config()
    assert dataclasses.is_dataclass(config)
    assert config.compiled is True, (
        f"{compiler()} exists, but no compiled kernels run: {config.reason}. "
        'Where the C++ sources changed, install again: `pip install -e ".[test]"`'
    )


def test_show_config_gives_a_reason():
    assert warpkit.show_config().reason


def test_one_version():
    assert version("warpkit-diff") == warpkit.__version__
