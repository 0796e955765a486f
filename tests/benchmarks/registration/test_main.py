import pytest

from benchmarks.registration import __main__ as command
from benchmarks.registration.__main__ import main, table, with_table


def test_table():
    rows = [{"pair": "a", "error": "1"}, {"pair": "b", "seconds": "2"}]
    assert table(rows).splitlines() == [
        "| pair | error | seconds |",
        "|---|---|---|",
        "| a | 1 |  |",
        "| b |  | 2 |",
    ]


def test_command(monkeypatch, capsys):
    monkeypatch.setitem(command.RUNS, "noise", lambda names: iter([{"pair": name} for name in names]))
    assert main(["noise", "--pairs", "adam", "boat"]) == 0
    assert capsys.readouterr().out.splitlines()[2:6] == ["| pair |", "|---|", "| adam |", "| boat |"]


def test_no_data(monkeypatch, capsys):
    monkeypatch.delenv("WARPKIT_DATA", raising=False)
    assert main(["homographies"]) == 1
    assert "WARPKIT_DATA" in capsys.readouterr().err


def test_wrong_pair():
    with pytest.raises(SystemExit):
        main(["noise", "--pairs", "mona"])


def test_wrong_run(capsys):
    with pytest.raises(SystemExit):
        main(["nosie"])
    assert "no such run: nosie (choose from homographies, noise," in capsys.readouterr().err


PAGE = """Text.

`python -m benchmarks.registration noise`

| pair |
|---|
| old |
| older |

And `python -m benchmarks.registration brains`

| other |
"""


def test_a_table_takes_the_place_of_the_one_before(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(command.RUNS, "noise", lambda names: iter([{"pair": "new"}]))
    file = tmp_path / "page.md"
    file.write_text(PAGE)
    assert main(["noise", "--write", str(file)]) == 0
    assert file.read_text() == PAGE.replace("| old |\n| older |\n", "| new |\n")
    assert with_table(PAGE, "brains", "| x |") == PAGE.replace("| other |", "| x |")
    with pytest.raises(ValueError, match="a table below"):
        with_table(PAGE.replace("| other |", "## More"), "brains", "| x |")
    file.write_text("Nothing.")
    assert main(["noise", "--write", str(file)]) == 1
    assert "--write: expected a file that says" in capsys.readouterr().err
