"""The command line, its results and the table."""

import json

import pytest

from benchmarks.stn.__main__ import main
from benchmarks.stn.paper import FIGURES
from benchmarks.stn.plan import Plan
from benchmarks.stn.results import FOLDER, POINTS, Result, read_all, thinned, write
from benchmarks.stn.table import table


def result(seed, error, iterations=1000, model="ST-FCN"):
    plan = Plan("R", model, "affine", seed, iterations, 256, 1e-3, 0.3)
    return Result(plan, {"error": error}, 199_000, 12.0, [(100, 0.5, 0.1)], {"processor": "two"}, "abc")


def test_results_are_read_as_they_were_written(tmp_path):
    for seed in (0, 1):
        write(result(seed, 1.5 + seed), tmp_path)
    found = list(read_all(tmp_path))
    assert [r.plan.seed for r in found] == [0, 1]
    assert found[0].figures == {"error": 1.5}


@pytest.mark.parametrize("length", [0, 1, POINTS, POINTS + 1, 1500])
def test_thinned_curves(length):
    curve = [(100 * (i + 1), 0.123456, 0.5) for i in range(length)]
    kept = thinned(curve)
    assert min(length, POINTS / 2) <= len(kept) <= POINTS
    assert [point[0] for point in kept[-1:]] == [point[0] for point in curve[-1:]]
    assert all(point[1] == 0.1235 for point in kept)


def test_the_page_holds_the_table_of_the_results():
    page = (FOLDER.parent / "spatial_transformers.md").read_text()
    assert table(read_all(FOLDER)) in page


def test_the_table_says_where_figures_are_of_correct_answers():
    plan = Plan("colocalisation-T", "ST-CNN", "attention", 0, 1500, 16, 3e-3, 1.0)
    found = Result(plan, {"correct": 98.0}, 1, 1.0, [], {}, "abc")
    line = "| colocalisation-T | ST-CNN | attention | 100.0 correct | 98.00 correct | 1 | 1500 |"
    assert line in table([found]).splitlines()


def test_table():
    lines = table(
        [result(0, 1.5), result(1, 2.5), result(0, 1.0, 30000), result(0, 9.0, model="other")]
    ).splitlines()
    assert "| R | ST-FCN | affine | 1.2 | 2.00 (1.50 to 2.50) | 2 | 1000 |" in lines
    assert "| R | ST-FCN | affine | 1.2 | 1.00 | 1 | 30000 |" in lines
    assert "| R | other | affine |  | 9.00 | 1 | 1000 |" in lines
    assert sum("not run" in line for line in lines) == len(FIGURES) - 1


def test_a_run(data, tmp_path, capsys):
    del data
    folders = ["--results", str(tmp_path / "results"), "--checkpoints", str(tmp_path / "checkpoints")]
    assert (
        main(["R", "--model", "ST-FCN", "--seeds", "5", "--iterations", "3", "--batch-size", "16", *folders])
        == 0
    )
    (path,) = (tmp_path / "results").glob("*.json")
    record = json.loads(path.read_text())
    assert record["plan"]["seed"] == 5
    assert 0 < record["figures"]["error"] <= 100
    assert "R_ST-FCN_affine_3_seed5: error" in capsys.readouterr().out
    assert main(["R", "--model", "ST-FCN", "--seeds", "5", "--iterations", "3", *folders]) == 1
    assert "expected the plan" in capsys.readouterr().err  # the checkpoint is of another batch size
    assert main(["table", *folders]) == 0
    assert "| R | ST-FCN | affine | 1.2 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [["--model", "FNC"], ["--model", "ST-FCN", "--transform", "afine"], ["--iterations", "0"]]
)
def test_wrong_options(wrong, capsys):
    with pytest.raises(SystemExit):
        main(["R", *wrong])
    assert wrong[-1] in capsys.readouterr().err
