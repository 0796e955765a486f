"""The paper's figures beside those of the runs so far."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable

from .paper import CORRECT, FIGURES
from .results import Result

Row = tuple[str, str, str]


def table(results: Iterable[Result]) -> str:
    """A row for each experiment, model and transform of the paper or a result, and number of iterations."""
    runs: dict[Row, dict[int, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        plan = result.plan
        runs[plan.experiment, plan.model, plan.transform][plan.iterations].append(result)
    lines = [
        "| experiment | model | transform | paper | ours | seeds | iterations |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in [*FIGURES, *(row for row in runs if row not in FIGURES)]:
        unit = " correct" if row[0] in CORRECT else ""
        paper = f"{FIGURES[row]:.1f}{unit}" if row in FIGURES else ""
        if row not in runs:
            lines.append(f"| {' | '.join(row)} | {paper} | not run | | |")
        for iterations, of_seeds in sorted(runs[row].items() if row in runs else ()):
            ours = f"{_figure(of_seeds)}{unit}"
            lines.append(f"| {' | '.join(row)} | {paper} | {ours} | {len(of_seeds)} | {iterations} |")
    return "\n".join(lines)


def _figure(results: list[Result]) -> str:
    """The mean over seeds, and how far they lie apart."""
    values = [next(iter(result.figures.values())) for result in results]
    spread = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
    return f"{statistics.mean(values):.2f}{spread}"
