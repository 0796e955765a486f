import pytest

from benchmarks.registration import __main__ as command
from benchmarks.registration.__main__ import main, table


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
    assert capsys.readouterr().out.splitlines()[2:] == ["| adam |", "| boat |"]


def test_no_data(monkeypatch, capsys):
    monkeypatch.delenv("WARPKIT_DATA", raising=False)
    assert main(["homographies"]) == 1
    assert "WARPKIT_DATA" in capsys.readouterr().err


def test_wrong_pair():
    with pytest.raises(SystemExit):
        main(["noise", "--pairs", "mona"])
