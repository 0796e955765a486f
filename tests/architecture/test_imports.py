"""Rooms import downwards only, and importing warpkit is cheap."""

import importlib.util
import os
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
    heavy = {"cupy", "jax", "matplotlib", "skimage", "sklearn", "torch", "tqdm"}
    files = {"SimpleITK", "imageio", "nibabel", "tifffile"}
    assert loaded.isdisjoint(heavy | files)


def test_import_is_quick(tmp_path):
    """Under 0.25 s, NumPy's share included.

    Processor time, and the best of six processes: a busy machine adds waiting, which is not warpkit's.
    Without OpenBLAS' threads, whose idling would count; and compiled by the first process, where the machine
    is set to keep no compiled files beside the sources.
    """
    code = "import time; start = time.process_time(); import warpkit; print(time.process_time() - start)"
    settings = {
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(tmp_path),
        "OPENBLAS_NUM_THREADS": "1",
    }
    seconds = [float(python(code, env=os.environ | settings).stdout) for _ in range(6)]
    assert min(seconds) < 0.25, seconds
