import re
import signal
import sys

import pytest

from warpkit.cli import main
from warpkit.cli._demo import PICTURE
from warpkit.cli._training import Learner

ROW = r"^(ST-FCN|FCN) +(\d+)((?: +\d+\.\d\d){8}) +(\d+\.\d) s +(\d+)$"


def rows(text):
    """The lines of the table: name, parameters, errors, seconds, images per second."""
    found = re.findall(ROW, text, re.MULTILINE)
    return {
        name: [float(x) for x in (count, *errors.split(), time, speed)]
        for name, count, errors, time, speed in found
    }


@pytest.mark.parametrize("transform", ["affine", "tps"])
def test_one_epoch(tmp_path, capsys, transform):
    out = tmp_path / "new" / "folder"
    assert main(["demo", "--epochs", "1", "--transform", transform, "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert f"1347 to train, 450 to test; turned by up to 90 degrees; transformer: {transform}" in printed.out
    table = rows(printed.out)
    assert list(table) == ["ST-FCN", "FCN"]
    for _, *errors, seconds, speed in table.values():
        assert all(0 < error < 90 for error in errors)  # guessing is wrong in 90 of 100
        assert 1347 / speed == pytest.approx(seconds, abs=0.06)  # printed with one decimal
    assert (out / PICTURE).read_bytes().startswith(b"\x89PNG")
    assert "100%" in printed.err
    assert "images/s" in printed.err
    assert "loss" in printed.err


def test_seeded(tmp_path, capsys, monkeypatch):
    errors = []
    for seed in ("3", "3", "4"):
        with monkeypatch.context() as patched:
            interrupt_after(320, patched)
            assert main(["demo", "--seed", seed, "--out", str(tmp_path)]) == 0
        errors.append([row[:-2] for row in rows(capsys.readouterr().out).values()])
    assert errors[0] == errors[1] != errors[2]


def interrupt_after(images, monkeypatch):
    """Press Ctrl-C during the training of the second network, after so many images."""
    step = Learner.step

    def step_and_interrupt(self, *batch):
        if self.name == "FCN" and self.images >= images:
            signal.raise_signal(signal.SIGINT)
        step(self, *batch)

    monkeypatch.setattr(Learner, "step", step_and_interrupt)


def test_ctrl_c_reports_what_there_is(tmp_path, capsys, monkeypatch):
    interrupt_after(640, monkeypatch)
    assert main(["demo", "--epochs", "3", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "stopped by Ctrl-C after 0.5 of 3 epochs" in printed.out
    assert list(rows(printed.out)) == ["ST-FCN", "FCN"]
    assert (tmp_path / PICTURE).is_file()


def test_ctrl_c_at_once(tmp_path, capsys, monkeypatch):
    interrupt_after(0, monkeypatch)
    assert main(["demo", "--out", str(tmp_path)]) == 0
    assert "stopped by Ctrl-C before the first step" in capsys.readouterr().out
    assert not (tmp_path / PICTURE).exists()


@pytest.mark.parametrize("package", ["tqdm", "matplotlib", "sklearn"])
def test_missing_package(tmp_path, capsys, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["demo", "--out", str(tmp_path)]) == 1
    name = {"sklearn": "scikit-learn"}.get(package, package)
    assert capsys.readouterr().err == f'warpkit: the demo needs {name}: pip install "warpkit-diff[demo]"\n'


def test_mnist(data, tmp_path, capsys, monkeypatch):
    """MNIST's files are found and learned from; a tenth of an epoch is enough to see that."""
    interrupt_after(6_400, monkeypatch)
    assert main(["demo", "--data", str(data / "mnist"), "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "MNIST: 60000 to train, 10000 to test" in printed.out
    assert "of 20 epochs" in printed.out
    for _, error_under_r, *_ in rows(printed.out).values():
        assert error_under_r < 50


@pytest.mark.slow
def test_the_transformer_helps(tmp_path, capsys):
    """Over three seeds the mean test error of ST-FCN is at most 0.7 of the plain network's."""
    errors = {"ST-FCN": [], "FCN": []}
    for seed in range(3):
        assert main(["demo", "--seed", str(seed), "--out", str(tmp_path)]) == 0
        for name, (_, error_under_r, *_) in rows(capsys.readouterr().out).items():
            errors[name].append(error_under_r)
    assert sum(errors["ST-FCN"]) <= 0.7 * sum(errors["FCN"]), errors


@pytest.mark.parametrize(
    ("option", "value", "least"),
    [("--epochs", "x", 1), ("--epochs", "0", 1), ("--batch-size", "1.5", 1), ("--seed", "-1", 0)],
)
def test_wrong_number(capsys, option, value, least):
    with pytest.raises(SystemExit) as exit_:
        main(["demo", f"{option}={value}"])
    assert exit_.value.code == 1
    expected = f"argument {option}: expected a whole number of at least {least}, given {value}\n"
    assert capsys.readouterr().err.endswith(expected)
