import io
import sys
import time

import pytest

from warpkit.cli import _stages
from warpkit.cli._stages import stage


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_what_is_quick_is_not_told(capsys):
    with stage("blinking"):
        pass
    assert capsys.readouterr().err == ""


def test_a_log_has_one_line(capsys, monkeypatch):
    monkeypatch.setattr(_stages, "PATIENCE", 0.01)
    monkeypatch.setattr(_stages, "EVERY", 0.01)
    with stage("registering"):
        time.sleep(0.2)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "registering ...\n")


def test_a_terminal_counts(monkeypatch):
    monkeypatch.setattr(_stages, "PATIENCE", 0.01)
    monkeypatch.setattr(_stages, "EVERY", 0.01)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with stage("registering"):
        time.sleep(0.2)
    told = sys.stderr.getvalue()
    assert told.count("registering ... 0 s") > 2
    assert told.endswith("\rregistering ... 0 s\n")


def late(error):
    time.sleep(0.1)
    return error


def test_it_ends_with_an_error(capsys, monkeypatch):
    monkeypatch.setattr(_stages, "PATIENCE", 0.01)
    with pytest.raises(ValueError, match="not now"), stage("dividing"):
        raise late(ValueError("not now"))
    assert capsys.readouterr().err == "dividing ...\n"
