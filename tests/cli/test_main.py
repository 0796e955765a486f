import subprocess
import sys

import pytest

import warpkit
from warpkit.cli import main


def test_config(capsys):
    assert main(["config"]) == 0
    assert f"warpkit           {warpkit.__version__}" in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"warpkit {warpkit.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["demo", "--transform", "origami"], ["demo", "--epochs", "0"]]
)
def test_wrong_command_line(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 1  # 2 is what `register` gives for images that it did not align
    assert "usage: warpkit" in capsys.readouterr().err


def test_an_error_is_one_line(capsys, tmp_path):
    assert main(["demo", "--data", str(tmp_path), "--out", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"warpkit: {tmp_path}: there is no train-images-idx3-ubyte, no")
    assert printed.err.count("\n") == 1


def test_ctrl_c_outside_training(capsys, monkeypatch):
    def interrupt(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("warpkit.cli._demo.run", interrupt)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == "\nstopped by Ctrl-C\n"


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "warpkit", "config"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert warpkit.__version__ in done.stdout
