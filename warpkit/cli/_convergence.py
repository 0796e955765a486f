"""How a registration went, step by step."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

from warpkit.registration import RegistrationResult

_DPI = 150
_FEW = 6  # iterations: the least that the plot has room for


def write_convergence(path: Path, result: RegistrationResult, metric: str, tolerance: float) -> None:
    """Draw cost and step length of each iteration; the levels of the pyramid in colours of their own."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
    from matplotlib.transforms import blended_transform_factory

    figure = Figure((7.0, 5.0), dpi=_DPI, layout="constrained")
    verdict = "converged" if result.converged else "NOT converged"
    figure.suptitle(f"{verdict}: {result.reason}", fontsize=10, x=0.02, ha="left", wrap=True)
    costs, lengths = figure.subplots(2, 1, sharex=True)
    costs.set_ylabel(f"cost ({metric})")
    lengths.set(ylabel="step (pixels)", xlabel="iteration", yscale="log")
    seen = [step.displacement for step in result.history if 0 < step.displacement < math.inf]
    low, high = min([tolerance, *seen]) / 1.2, 1.2 * max([tolerance, *seen])
    lengths.set_ylim(
        10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
    )  # whole decades
    coarsest = max((step.level for step in result.history), default=0)
    labels = set[str]()
    for level, run in itertools.groupby(enumerate(result.history, 1), lambda step: step[1].level):
        numbers, steps = zip(*run, strict=True)
        colour = colormaps["viridis"](0.85 * (1 - level / max(coarsest, 1)))
        style = {"color": colour, "marker": "o", "markersize": 3.5, "linewidth": 1.4}
        label = "" if size_of(level) in labels else size_of(level)  # a level may be come to again
        labels.add(label)
        costs.plot(numbers, [step.cost for step in steps], label=label, **style)
        lengths.plot(numbers, [step.displacement for step in steps], **style)
    lengths.axhline(tolerance, color="0.5", linestyle="--", linewidth=1)
    beside = blended_transform_factory(lengths.transAxes, lengths.transData)
    lengths.text(0.005, 1.08 * tolerance, "tolerance", transform=beside, color="0.4", fontsize=8)
    if result.history:
        costs.set_xlim(0.5, max(len(result.history), _FEW) + 0.5)
        costs.legend(title="size of the images", frameon=False, fontsize=8, title_fontsize=8)
    else:
        costs.text(0.5, 0.5, "no step was taken", transform=costs.transAxes, ha="center", color="0.4")
    for axes in (costs, lengths):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    lengths.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.savefig(path)


def size_of(level: int) -> str:
    """In words."""
    return "full size" if level == 0 else f"1/{2**level}"
