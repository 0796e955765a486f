"""Finds and loads the compiled CPU kernels (``warpkit/kernels``), at their first use.

There is one shared library per instruction set, all built from the same sources and all giving the
same bits. The baseline library is loaded first and asked what the machine can run; the best one is
then used. Where none is found, array code does the work and `load` tells why.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ._errors import wrong_value
from ._interruption import main_thread_interruption

ABI_VERSION = 4
"""The C interface this Python code speaks: WK_ABI_VERSION of ``warpkit/kernels/cpu/abi.h``."""

DISTRIBUTION = "warpkit-diff"
KERNELS_VARIABLE = "WARPKIT_KERNELS"
FOLDER_VARIABLE = "WARPKIT_KERNELS_DIR"

# enum wk_status of abi.h.
_OK, _OUT_OF_MEMORY, _INTERRUPTED, _OUTSIDE_BLOCK = 0, 2, 3, 4

# From the oldest machine to the newest. "baseline" is what other processors than x86-64 get.
_LEVELS = ("baseline", "x86-64", "x86-64-v3", "x86-64-v4")
_SUFFIXES = (".so", ".dylib", ".dll")

# Calls of array code over this many points say once that the compiled kernels are missing.
_SLOW_CALL = 2**16

_logger = logging.getLogger("warpkit")


@dataclass(frozen=True, eq=False)
class Kernels:
    """What loading the compiled kernels came to."""

    library: ctypes.CDLL | None
    """None where array code does the work."""
    path: Path | None
    instruction_set: str | None
    reason: str
    """Why this library, or why none."""


def _none(reason: str) -> Kernels:
    return Kernels(None, None, None, reason)


class KernelError(RuntimeError):
    """A compiled kernel cannot be called, or refused its arguments."""


@functools.cache
def load() -> Kernels:
    """Load the compiled kernels, or find out why they cannot be.

    The environment variable ``WARPKIT_KERNELS`` may be ``off``, or name an instruction set
    (``x86-64``, ``x86-64-v3``, ``x86-64-v4``, ``baseline``); ``WARPKIT_KERNELS_DIR`` may name the one
    folder to look in.

    Returns
    -------
    Kernels

    Raises
    ------
    ValueError
        If ``WARPKIT_KERNELS`` has another value.
    """
    wanted = os.environ.get(KERNELS_VARIABLE, "").strip()
    if wanted not in ("", "off", *_LEVELS):
        choices = ", ".join(("off", *_LEVELS))
        raise wrong_value(f"environment variable {KERNELS_VARIABLE}", f"one of {choices}", repr(wanted))
    if wanted == "off":
        return _none(f"switched off by {KERNELS_VARIABLE}=off")
    looked_in = []
    for folder in _folders():
        looked_in.append(str(folder))
        files = _library_files(folder)
        if files:
            try:
                return _choose(files, wanted)
            except OSError as error:
                return _none(f"the library does not load: {error}")
    places = ", ".join(looked_in) or "no folder (the package is not installed)"
    return _none(f"not found; installed without a C++ compiler? Looked in {places}")


def call(function: str, arguments: ctypes.Structure) -> None:
    """Call a kernel that takes one struct and returns a status.

    In the main thread, signal handlers run in the midst of a long call too. What one of them raises (Ctrl-C
    raises KeyboardInterrupt) ends the call; what the kernel was to write is then partly written.

    Raises
    ------
    MemoryError
        If it could not allocate memory.
    ValueError
        If it was given a part of an image, and the points read pixels beyond.
    KernelError
        If it does not know what it was asked for: the caller has to check before.
    """
    library = load().library
    if library is None:
        raise KernelError(f"{function}: {load().reason}")
    interruption = main_thread_interruption()
    ask = None if interruption is None else interruption.function
    status = getattr(library, function)(ctypes.byref(arguments), ask)
    if status == _OK:
        return
    if status == _OUT_OF_MEMORY:
        library.wk_out_of_memory_bytes.restype = ctypes.c_int64
        wanted = library.wk_out_of_memory_bytes()
        raise MemoryError(f"{function}: no memory left" + (f" for {wanted} bytes" if wanted else ""))
    if status == _INTERRUPTED and interruption is not None:
        forked = KernelError(f"{function}: the process forked in the midst of the call")
        raise interruption.take_raised() or forked
    if status == _OUTSIDE_BLOCK:
        raise ValueError(f"{function}: the points read pixels outside the given part of the image")
    raise KernelError(f"{function}: unsupported arguments")


def tell_if_missing(points: int) -> None:
    """Log once, at the first slow call, that there are no compiled kernels and why.

    Parameters
    ----------
    points : int
        Number of points of the call that array code is about to compute.
    """
    if points > _SLOW_CALL and load().library is None:
        _tell_once()


@functools.cache
def _tell_once() -> None:
    _logger.warning("compiled kernels are not used, array code is 10 to 100 times slower: %s", load().reason)


def _folders() -> Iterator[Path]:
    """Where the libraries may lie, best first, without repetition."""
    override = os.environ.get(FOLDER_VARIABLE, "").strip()
    if override:
        yield Path(override)
        return
    seen = set()
    for folder in (*_package_folders(), *_distribution_folders()):
        if folder not in seen:
            seen.add(folder)
            yield folder


def _package_folders() -> Iterator[Path]:
    """Folders of the imported package: an installed wheel, or both halves of an editable install."""
    package = sys.modules["warpkit"]
    for entry in package.__path__:
        yield Path(entry, "kernels")


def _distribution_folders() -> Iterator[Path]:
    """Folder of the installed distribution, which a checkout in the working directory may shadow."""
    from importlib.metadata import PackageNotFoundError, files  # slow to import, and seldom needed

    try:
        installed = files(DISTRIBUTION) or ()
    except PackageNotFoundError:
        return
    for file in installed:
        if _instruction_set(Path(file.name)) and file.parent.as_posix() == "warpkit/kernels":
            yield Path(str(file.locate())).parent


def _instruction_set(file: Path) -> str | None:
    """The instruction set in a library's name, None for other files."""
    stem = file.stem
    level = stem.removeprefix("libwarpkit-")
    return level if stem.startswith("libwarpkit-") and level in _LEVELS and file.suffix in _SUFFIXES else None


def _library_files(folder: Path) -> dict[str, Path]:
    """The libraries in a folder by instruction set, the oldest first."""
    found = {}
    if folder.is_dir():
        for file in folder.iterdir():
            level = _instruction_set(file)
            if level:
                found[level] = file
    return {level: found[level] for level in _LEVELS if level in found}


def _choose(files: dict[str, Path], wanted: str) -> Kernels:
    first = _open(next(iter(files.values())))
    if not isinstance(first, ctypes.CDLL):
        return first
    first.wk_best_instruction_set.restype = ctypes.c_char_p
    best = first.wk_best_instruction_set().decode()
    runnable = [level for level in files if _LEVELS.index(level) <= _LEVELS.index(best)]
    if wanted and wanted not in runnable:
        has = ", ".join(runnable)
        return _none(f"{KERNELS_VARIABLE}={wanted} cannot run here; what can: {has}")
    level = wanted or runnable[-1]
    library = _open(files[level])
    if not isinstance(library, ctypes.CDLL):
        return library
    best_of = f"the best of {', '.join(files)} that this processor runs"
    why = f"{KERNELS_VARIABLE}={wanted}" if wanted else best_of
    return Kernels(library, files[level], level, why)


def _open(file: Path) -> ctypes.CDLL | Kernels:
    """Load a library; one of another version is as good as none."""
    library = ctypes.CDLL(str(file))
    version = library.wk_abi_version()
    if version != ABI_VERSION:
        reason = f"{file} has interface version {version}, this warpkit needs {ABI_VERSION}: reinstall it"
        return _none(reason)
    return library
