"""Finding, choosing and refusing the compiled kernels."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import warpkit
from warpkit._core import _native
from warpkit._core._interruption import main_thread_interruption

needs_kernels = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)

REPORT = """
import json, logging, sys
from warpkit._core import _native
if "--quiet" not in sys.argv:
    logging.basicConfig(stream=sys.stderr)
kernels = _native.load()
_native.tell_if_missing(10)
_native.tell_if_missing(10**6)
_native.tell_if_missing(10**6)
print(json.dumps([kernels.instruction_set, str(kernels.path), kernels.reason]))
"""


def load_in_new_process(*options, **environment):
    """(instruction set, path, reason, stderr) of a process with these environment variables."""
    source = str(Path(next(iter(warpkit.__path__))).parent)
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-P", *options, "-c", REPORT]  # -P: not what lies in the working directory
    environ = os.environ | {"PYTHONPATH": path} | environment
    run = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return (*json.loads(run.stdout), run.stderr)


def test_switched_off_and_said_once():
    instruction_set, path, reason, stderr = load_in_new_process(WARPKIT_KERNELS="off")
    assert (instruction_set, path) == (None, "None")
    assert reason == "switched off by WARPKIT_KERNELS=off"
    assert stderr.count("WARNING:warpkit:") == 1
    assert reason in stderr


def test_nothing_found_names_the_places(tmp_path):
    instruction_set, _, reason, _ = load_in_new_process(WARPKIT_KERNELS_DIR=str(tmp_path), WARPKIT_KERNELS="")
    assert instruction_set is None
    assert str(tmp_path) in reason


def test_a_file_that_is_no_library_is_a_reason(tmp_path):
    (tmp_path / "libwarpkit-x86-64.so").write_text("not a library")
    instruction_set, _, reason, _ = load_in_new_process(WARPKIT_KERNELS_DIR=str(tmp_path), WARPKIT_KERNELS="")
    assert instruction_set is None
    assert "does not load" in reason


def test_unknown_name_of_kernels(monkeypatch):
    monkeypatch.setenv("WARPKIT_KERNELS", "sse9")
    with pytest.raises(ValueError, match=r"WARPKIT_KERNELS: expected one of off, .*given 'sse9'"):
        _native.load.__wrapped__()


@needs_kernels
def test_loaded_library():
    kernels = _native.load()
    assert kernels.path is not None
    assert kernels.path.is_file()
    assert kernels.instruction_set in kernels.path.name
    kernels.library.wk_instruction_set.restype = _native.ctypes.c_char_p
    assert kernels.library.wk_instruction_set().decode() == kernels.instruction_set


@needs_kernels
def test_says_nothing_where_kernels_run():
    *_, stderr = load_in_new_process()
    assert "WARNING" not in stderr


@needs_kernels
def test_another_interface_version_is_refused(monkeypatch):
    monkeypatch.setattr(_native, "ABI_VERSION", 10**6)
    kernels = _native.load.__wrapped__()
    assert kernels.library is None
    assert "needs 1000000" in kernels.reason


@needs_kernels
def test_found_next_to_the_package(tmp_path):
    """An installed wheel, and an editable install whose second folder holds the libraries."""
    source = Path(next(iter(warpkit.__path__)))
    shutil.copytree(source, tmp_path / "warpkit", ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path / "warpkit" / "kernels"
    for file in _native.load().path.parent.glob("libwarpkit-*"):
        shutil.copy(file, target)
    # -S: without the hook by which an editable install puts itself before every path.
    path = os.pathsep.join([str(tmp_path), *(entry for entry in sys.path if entry.endswith("site-packages"))])
    instruction_set, path, _, _ = load_in_new_process("-S", PYTHONPATH=path, WARPKIT_KERNELS_DIR="")
    assert instruction_set == _native.load().instruction_set
    assert Path(path).parent == target


@needs_kernels
def test_found_in_the_distribution_that_a_checkout_shadows(tmp_path):
    installed = tmp_path / "site"
    (installed / "warpkit" / "kernels").mkdir(parents=True)
    names = []
    for file in _native.load().path.parent.glob("libwarpkit-*"):
        shutil.copy(file, installed / "warpkit" / "kernels")
        names.append(f"warpkit/kernels/{file.name},,")
    metadata = installed / "warpkit_diff-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: warpkit-diff\nVersion: 0\n")
    (metadata / "RECORD").write_text("\n".join(names) + "\n")
    source = str(Path(next(iter(warpkit.__path__))).parent)
    path = os.pathsep.join([source, str(installed)])
    _, found, _, _ = load_in_new_process(PYTHONPATH=path, WARPKIT_KERNELS_DIR="")
    assert Path(found).parent in (installed / "warpkit" / "kernels", Path(source, "warpkit", "kernels"))


@needs_kernels
def test_refused_arguments_are_an_error():
    from warpkit.sampling._native_arguments import Sampling

    with pytest.raises(_native.KernelError, match="wk_pull: unsupported arguments"):
        _native.call("wk_pull", Sampling(ndim=7))


class Arguments(_native.ctypes.Structure):
    _fields_ = ()


class Library:
    """Stands for a library whose every kernel returns this status."""

    def __init__(self, status, wanted=0):
        self.wk_kernel = lambda arguments, interrupted: status
        self.wk_out_of_memory_bytes = lambda: wanted


@pytest.mark.parametrize(
    ("status", "wanted", "error", "message"),
    [
        (1, 0, _native.KernelError, "wk_kernel: unsupported arguments"),
        (2, 0, MemoryError, "wk_kernel: no memory left"),
        (2, 2**40, MemoryError, "wk_kernel: no memory left for 1099511627776 bytes"),
        (3, 0, _native.KernelError, "wk_kernel: the process forked in the midst of the call"),
    ],
)
def test_a_status_is_an_error(monkeypatch, status, wanted, error, message):
    library = Library(status, wanted)
    monkeypatch.setattr(_native, "load", lambda: _native.Kernels(library, None, None, ""))
    with pytest.raises(error, match=f"^{message}$"):
        _native.call("wk_kernel", Arguments())


def test_what_a_signal_handler_raised_is_raised(monkeypatch):
    def stopped_by_a_signal(arguments, interrupted):
        main_thread_interruption()._answers.throw(KeyboardInterrupt("pressed"))
        return 3

    library = Library(0)
    library.wk_kernel = stopped_by_a_signal
    monkeypatch.setattr(_native, "load", lambda: _native.Kernels(library, None, None, ""))
    with pytest.raises(KeyboardInterrupt, match="pressed"):
        _native.call("wk_kernel", Arguments())
