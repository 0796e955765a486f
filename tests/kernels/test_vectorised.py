"""That GCC vectorises the loops marked `// vectorised`: its report is read, for AVX2 and for AVX-512.

An innocent change, such as a call or a nested select, may end that: the loop takes several times as long, and
every other test passes.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

MARK = "// vectorised"
INSTRUCTION_SETS = ["x86-64-v3", "x86-64-v4"]
LARGE = re.compile(
    r"if \(problem\.wide_index\) .*\n\s*else |^template void .*Workspace<\w+, int64>.*$", re.MULTILINE
)
"""What instantiates templates for images of 2^31 pixels, which AVX2 lacks instructions for."""


def without_large(text):
    return LARGE.sub(lambda match: "\n" * match[0].count("\n"), text)


@pytest.fixture(scope="module")
def compiler():
    found = shutil.which(os.environ.get("CXX", "") or "c++") or pytest.skip("needs a C++ compiler")
    predefined = subprocess.run(
        [found, "-dM", "-E", "-x", "c++", os.devnull], capture_output=True, text=True, check=True
    ).stdout
    version = re.search(r"__GNUC__ (\d+)", predefined)
    if "__clang__" in predefined or version is None or int(version[1]) < 12:
        pytest.skip("reads the report of GCC 12 or newer")
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("for x86-64")
    return found


def flags(kernel_sources):
    """Those of the library."""
    text = (kernel_sources / "CMakeLists.txt").read_text().split("if(WARPKIT_SANITIZE)")[0]
    found = re.findall(r"(?<=[\s(])-[Of][\w=-]+", text)
    assert "-O3" in found
    assert "-ffp-contract=off" in found
    return found


def report(command, file):
    """Lines at which GCC found loops: vectorised, and not; each as "file:line"."""
    command = [*command, "-fopt-info-vec-optimized-missed", "-c", "-o", os.devnull, str(file)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    places = {"loop vectorized": set(), "couldn't vectorize loop": set()}
    for line in run.stderr.splitlines():
        match = re.match(
            r"(\S+?:\d+):\d+: (?:optimized|missed): +(loop vectorized|couldn't vectorize loop)", line
        )
        if match:
            path, number = match[1].rsplit(":", 1)
            places[match[2]].add(f"{Path(path).name}:{number}")
    return places.values()


def marked(files):
    return {
        f"{file.name}:{number}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if line.endswith(MARK)
    }


@pytest.mark.slow
@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_marked_loops_are_vectorised(instruction_set, compiler, kernel_sources, tmp_path):
    """Wherever a template is instantiated, not only somewhere."""
    for file in (kernel_sources / "cpu").iterdir():
        (tmp_path / file.name).write_text(without_large(file.read_text()))
    command = [compiler, "-std=c++17", "-fPIC", *flags(kernel_sources), f"-march={instruction_set}"]
    command += [f"-I{kernel_sources / 'include'}"]
    vectorised, missed = set(), set()
    for file in tmp_path.glob("*.cpp"):
        one, other = report(command, file)
        vectorised |= one
        missed |= other
    loops = marked(tmp_path.iterdir())
    assert loops
    assert sorted(loops & missed) == []
    assert sorted(loops - vectorised) == []


PLANTED = """
double known(double);
double first(const double *x, double *y) {
    for (int i = 0; i < 256; ++i) y[i] = x[i] * x[i];  // vectorised
    for (int i = 0; i < 256; ++i) y[i] = known(x[i]);  // vectorised
    for (int i = 0; i < 256; ++i) y[i] = known(y[i]);
    return y[7];
}
"""


def test_a_call_in_a_loop_is_found(compiler, tmp_path):
    file = tmp_path / "planted.cpp"
    file.write_text(PLANTED)
    vectorised, missed = report([compiler, "-O3", "-march=x86-64-v3"], file)
    loops = marked([file])
    assert loops & vectorised == {"planted.cpp:4"}
    assert loops & missed == {"planted.cpp:5"}
