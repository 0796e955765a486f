import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.cases import all_cases
from benchmarks.measure import Processes

ROOT = Path(__file__).parents[2]
CASE = "warp_affine/forward/256x1x28x28/angle=0.3"


def run(*arguments):
    command = [sys.executable, "-m", "benchmarks", "--library", "scipy", "--threads", "1", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_json():
    done = run("--case", CASE, "--rounds", "2", "--json", "-")
    assert done.returncode == 0, done.stderr
    (only,) = json.loads(done.stdout)["runs"]
    assert (only["threads"], only["rounds"], only["missing"]) == (1, 2, {})
    by_library = {record["library"]: record for record in only["measurements"]}
    assert list(by_library) == ["warpkit", "scipy", "numpy_copy"]
    for record in by_library.values():
        assert record["state"] == "ready"
        assert record["name"] == CASE
        assert len(record["rounds"]) == 2
        assert min(record["rounds"]) <= record["seconds"] <= max(record["rounds"])


def test_check_prints_the_table_and_the_floors():
    case = "grid_sample/forward/1x1x1024x1024/angle=0.3"
    done = run("--case", case, "--rounds", "1", "--check")
    lines = done.stdout.splitlines()
    assert case in lines, done.stderr
    assert any(line.startswith(case + " ") and " 15.00x " in line for line in lines)
    passed = lines[-1] == "1 of 1 pass"
    assert passed or lines[-1] == "0 of 1 pass"
    assert done.returncode == (0 if passed else 1)


def test_list(capsys):
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [case.name for case in all_cases()]


@pytest.mark.parametrize("arguments", [["--case", "nothing"], ["--rounds", "0"], ["--library", "abacus"]])
def test_wrong_command_line(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "usage: python -m benchmarks" in capsys.readouterr().err


def test_a_library_that_is_not_there_is_reported():
    with Processes(["no_such_adapter"], threads=1) as processes:
        assert list(processes.versions) == ["warpkit", "numpy_copy"]
        assert "no_such_adapter" in processes.missing["no_such_adapter"]
