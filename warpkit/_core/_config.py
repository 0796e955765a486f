"""What warpkit runs on: the answer to "why is it slow here?"."""

from __future__ import annotations

import importlib.util
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from warpkit._version import __version__

from . import _native, _threads
from ._op import Op
from ._registry import all_ops


@dataclass(frozen=True)
class Config:
    """Versions, compiled kernels and threads of this process."""

    version: str
    """Of warpkit."""
    python: str
    numpy: str
    compiled: bool
    """Whether compiled CPU kernels run."""
    instruction_set: str | None
    """The one the kernels in use were compiled for; all of them give the same bits."""
    library: Path | None
    """The file the kernels were loaded from."""
    reason: str
    """Why this library, or why none."""
    compiled_ops: dict[str, tuple[str, ...]]
    """By the names of ops, what compiled kernels run of them: "forward", "vjp", "jvp"."""
    num_threads: int
    """What `get_num_threads` returns."""
    cupy: str | None
    """CuPy's version, or why it does not import; None where it is not installed."""

    def __str__(self) -> str:
        ops = [f"{name} ({', '.join(parts)})" for name, parts in self.compiled_ops.items()]
        rows = {
            "warpkit": self.version,
            "Python": self.python,
            "NumPy": self.numpy,
            "compiled kernels": self.instruction_set or "none: array code does the work",
            "  library": str(self.library) if self.compiled else None,
            "  why": self.reason,
            "  of": f"\n{'':<18}".join(ops) or None,
            "  elsewhere": "array code, and what it calls of the above" if self.compiled else None,
            "threads": str(self.num_threads),
            "CuPy": self.cupy or "not found",
        }
        return "\n".join(f"{name:<18}{value}" for name, value in rows.items() if value is not None)


def show_config() -> Config:
    """Print what warpkit runs on: versions, compiled kernels, why these and of which ops, threads, CuPy.

    What no compiled kernel fits runs as array code: a sampling kernel of your own, say. The entry of an op in
    the reference tells what that is.

    Returns
    -------
    Config
        The same facts, for programs.
    """
    config = read_config()
    print(config)  # noqa: T201 - what it is for
    return config


def read_config() -> Config:
    """What `show_config` prints."""
    kernels = _native.load()
    return Config(
        version=__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        compiled=kernels.library is not None,
        instruction_set=kernels.instruction_set,
        library=kernels.path,
        reason=kernels.reason,
        compiled_ops={} if kernels.library is None else _compiled_ops(),
        num_threads=_threads.get_num_threads(),
        cupy=_cupy_version(),
    )


def _compiled_ops() -> dict[str, tuple[str, ...]]:
    """The parts of registered ops that have compiled kernels."""
    parts = {op.name: _compiled_parts(op) for op in all_ops()}
    return {name: compiled for name, compiled in parts.items() if compiled}


def _compiled_parts(op: Op) -> tuple[str, ...]:
    kernels = {"forward": op.kernels, "vjp": op.vjp.kernels, "jvp": op.jvp.kernels}
    return tuple(part for part, own in kernels.items() if own)


def _cupy_version() -> str | None:
    """CuPy's version, why it does not import, or None where it is not installed."""
    if importlib.util.find_spec("cupy") is None:
        return None
    try:
        import cupy
    except ImportError as error:
        return f"does not import: {error}"
    return str(cupy.__version__)
