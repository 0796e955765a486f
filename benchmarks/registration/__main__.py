"""Register real images, with peers beside, and print tables: all of them, or those that are named.

    python -m benchmarks.registration
    python -m benchmarks.registration brains --write docs/measurements.md
    python -m benchmarks.registration noise --pairs adam boat

The data are in the folder that the environment variable WARPKIT_DATA names. With --write a table takes the
place of the one before in that file: the first one below the line that says by which command it is made.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from .homographies import NAMES
from .runs import RUNS, Row


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.registration",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    described = "; ".join(f"{name}: {run.__doc__}" for name, run in RUNS.items())
    parser.add_argument("runs", nargs="*", metavar="run", help=f"all by default. {described}")
    parser.add_argument("--pairs", nargs="+", choices=NAMES, default=list(NAMES), help="all by default")
    parser.add_argument("--write", type=Path, help="a file of Markdown to put the tables into")
    options = parser.parse_args(arguments)
    runs = options.runs or list(RUNS)
    if unknown := set(runs) - set(RUNS):
        parser.error(f"no such run: {', '.join(sorted(unknown))} (choose from {', '.join(RUNS)})")
    try:
        for run in runs if options.write else ():
            with_table(options.write.read_text(), run, "")  # to say before the work what would fail after it
        for run in runs:
            rows = table(tqdm(RUNS[run](tuple(options.pairs)), desc=run, unit="row"))
            print(f"{run}\n\n{rows}\n")
            if options.write:
                options.write.write_text(with_table(options.write.read_text(), run, rows))
    except (FileNotFoundError, ImportError, ValueError) as error:
        print(f"python -m benchmarks.registration: {error}", file=sys.stderr)
        return 1
    return 0


def with_table(text: str, run: str, rows: str) -> str:
    """The page with that table instead of the one that it has for the run."""
    lines, command = text.splitlines(), f"`python -m benchmarks.registration {run}`"
    places = [i for i, line in enumerate(lines) if command in line]
    if not places:
        raise ValueError(f"--write: expected a file that says {command}, given one that does not")
    first = places[0] + 1
    while first < len(lines) and not lines[first].startswith(("|", "#")):
        first += 1
    if first == len(lines) or lines[first].startswith("#"):
        raise ValueError(f"--write: expected a table below {command}, given none before the next heading")
    last = first
    while last < len(lines) and lines[last].startswith("|"):
        last += 1
    return "\n".join([*lines[:first], *rows.splitlines(), *lines[last:]]) + "\n"


def table(rows: Iterable[Row]) -> str:
    """In Markdown; a row lacks what it has nothing to say of."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [" | ".join(names), "|".join("---" for _ in names)]
    lines += [" | ".join(row.get(name, "") for name in names) for row in rows]
    return "\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
