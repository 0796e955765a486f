"""What tests of device code need: the sources, and NVIDIA's compiler, which needs no GPU and no driver."""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

import pytest

import warpkit

OPTIONS = ["--std=c++17", "--gpu-architecture=compute_75"]


@pytest.fixture(scope="session")
def kernel_sources():
    """The folder that the kernels' sources lie in: in a checkout, or in an installed package."""
    folders = [Path(entry, "kernels") for entry in warpkit.__path__]
    return next(folder for folder in folders if (folder / "include").is_dir())


class Nvrtc:
    """https://docs.nvidia.com/cuda/nvrtc"""

    def __init__(self, library, include):
        self._library = ctypes.CDLL(str(library))
        self._options = [*OPTIONS, f"--include-path={include}"]

    def _call(self, function, *arguments):
        status = getattr(self._library, function)(*arguments)
        assert status == 0, f"{function}: status {status}"

    def _text(self, program, what):
        size = ctypes.c_size_t()
        self._call(f"nvrtcGet{what}Size", program, ctypes.byref(size))
        text = ctypes.create_string_buffer(size.value)
        self._call(f"nvrtcGet{what}", program, text)
        return text.value.decode()

    def compile(self, source, *names, contract=False):
        """The PTX of a source text, and the names in it of the kernels asked for; no warning may be left."""
        program = ctypes.c_void_p()
        text, encoded = source.encode(), [name.encode() for name in names]
        self._call("nvrtcCreateProgram", ctypes.byref(program), text, b"source.cu", 0, None, None)
        try:
            for name in encoded:
                self._call("nvrtcAddNameExpression", program, name)
            flags = [option.encode() for option in (*self._options, f"--fmad={str(contract).lower()}")]
            status = self._library.nvrtcCompileProgram(
                program, len(flags), (ctypes.c_char_p * len(flags))(*flags)
            )
            log = self._text(program, "ProgramLog")
            assert status == 0, log
            assert log == ""
            return self._text(program, "PTX"), [self._lowered(program, name) for name in encoded]
        finally:
            self._call("nvrtcDestroyProgram", ctypes.byref(program))

    def _lowered(self, program, name):
        lowered = ctypes.c_char_p()
        self._call("nvrtcGetLoweredName", program, name, ctypes.byref(lowered))
        return lowered.value.decode()


@pytest.fixture(scope="session")
def nvrtc(kernel_sources):
    """The compiler, from the package `nvidia-cuda-nvrtc`."""
    package = importlib.util.find_spec("nvidia")
    folders = [Path(folder) for folder in package.submodule_search_locations] if package else []
    libraries = [file for folder in folders for file in folder.glob("*/lib/libnvrtc.so.1?")]
    if not libraries:
        pytest.skip("needs NVRTC: pip install nvidia-cuda-nvrtc")
    return Nvrtc(libraries[0], kernel_sources / "include")
