from types import SimpleNamespace

import numpy as np
import pytest

from warpkit.cli._convergence import size_of, write_convergence
from warpkit.registration import Iteration


def figure_of(path, history, monkeypatch):
    from matplotlib.figure import Figure

    kept = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *given: (kept.append(self), save(self, *given)))
    result = SimpleNamespace(history=history, converged=bool(history), reason="9 of 9 parts agree")
    write_convergence(path, result, "ncc", 0.01)
    assert path.read_bytes().startswith(b"\x89PNG")
    return kept[0]


def test_each_level_is_a_curve(tmp_path, monkeypatch):
    costs, lengths = [0.5, 0.4, 0.3, 0.35, 0.34], [4.0, 0.5, 0.2, 0.3, 0.001]
    levels = [2, 2, 1, 0, 0]
    history = [Iteration(*step, 1.0) for step in zip(levels, costs, lengths, strict=True)]
    figure = figure_of(tmp_path / "a.png", history, monkeypatch)
    assert figure.get_suptitle() == "converged: 9 of 9 parts agree"
    upper, lower = figure.axes
    for axes, values in ((upper, costs), (lower, lengths)):
        drawn = np.concatenate([line.get_xydata() for line in axes.lines[:3]])
        np.testing.assert_array_equal(drawn, np.stack([range(1, 6), values], axis=1))
    assert [text.get_text() for text in upper.get_legend().get_texts()] == ["1/4", "1/2", "full size"]
    assert len({line.get_color() for line in upper.lines}) == 3
    np.testing.assert_array_equal(lower.lines[3].get_ydata(), 0.01)


def test_levels_that_are_come_to_again(tmp_path, monkeypatch):
    history = [Iteration(level, 0.5, 1.0, 1.0) for level in (1, 0, 1, 0)]
    upper = figure_of(tmp_path / "a.png", history, monkeypatch).axes[0]
    assert len(upper.lines) == 4
    assert [text.get_text() for text in upper.get_legend().get_texts()] == ["1/2", "full size"]


@pytest.mark.parametrize("cost", [np.inf, np.nan, 0.0])
def test_odd_histories(tmp_path, monkeypatch, cost):
    figure_of(
        tmp_path / "a.png", [Iteration(0, cost, 0.0, 1.0), Iteration(0, cost, np.nan, 0.0)], monkeypatch
    )


def test_no_step(tmp_path, monkeypatch):
    figure = figure_of(tmp_path / "a.png", [], monkeypatch)
    assert figure.get_suptitle().startswith("NOT converged: ")
    assert figure.axes[0].texts[0].get_text() == "no step was taken"


def test_sizes_in_words():
    assert [size_of(level) for level in range(3)] == ["full size", "1/2", "1/4"]
