"""Rooms import downwards only, and importing warpkit is cheap."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def python(code, **options):
    """Run `code` in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, **options
    )


def test_rooms_import_downwards_only():
    if importlib.util.find_spec("importlinter") is None:
        pytest.skip('import-linter is not installed: `pip install -e ".[dev]"`')
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = python(code, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_loads_nothing_heavy():
    code = "import sys, warpkit; print(*{name.partition('.')[0] for name in sys.modules})"
    done = python(code)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "warpkit" in loaded
    assert loaded.isdisjoint({"cupy", "jax", "matplotlib", "skimage", "sklearn", "torch", "tqdm"})


def test_import_is_quick():
    """NumPy takes about 0.1 s of the 0.25 s that there are; what comes on top of it has the rest.

    Processor time, and the best of six processes: a busy machine adds waiting, which is not warpkit's.
    """
    code = "import numpy, time; t = time.process_time(); import warpkit; print(time.process_time() - t)"
    seconds = [float(python(code).stdout) for _ in range(6)]
    assert min(seconds) < 0.125, seconds
