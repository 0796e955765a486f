"""Learning curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .results import FOLDER, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = FOLDER / "pictures"


def draw_curves(results: Iterable[Result], title: str = "") -> Figure:
    """Draw the share of wrong answers in training against the iteration, a colour for each network."""
    from matplotlib.figure import Figure

    by_network: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        by_network[result.plan.model, result.plan.transform].append(result)
    figure = Figure((7, 4), dpi=110, layout="constrained")
    axes = figure.subplots()
    for number, ((model, transform), of_seeds) in enumerate(sorted(by_network.items())):
        for seed, result in enumerate(of_seeds):
            iterations, _, errors = np.array(result.curve).T
            name = model if transform == "none" else f"{model}, {transform}"
            label = name if seed == 0 else None
            axes.plot(iterations, 100 * errors, color=f"C{number}", linewidth=1, label=label)
    axes.set(xlabel="iteration", ylabel="errors in training [%]", xscale="log", yscale="log", title=title)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def write_curves(results: Iterable[Result], folder: Path) -> None:
    """Write a picture of learning curves for each experiment."""
    by_experiment: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_experiment[result.plan.experiment].append(result)
    folder.mkdir(parents=True, exist_ok=True)
    for experiment, its_results in by_experiment.items():
        draw_curves(its_results, experiment).savefig(folder / f"curves_{experiment}.png")
