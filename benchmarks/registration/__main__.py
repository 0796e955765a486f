"""Register real images, with OpenCV beside, and print a table.

    python -m benchmarks.registration homographies
    python -m benchmarks.registration noise --pairs adam boat

The data are in the folder that the environment variable WARPKIT_DATA names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence

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
    parser.add_argument("run", choices=tuple(RUNS), help=described)
    parser.add_argument("--pairs", nargs="+", choices=NAMES, default=list(NAMES), help="all by default")
    options = parser.parse_args(arguments)
    try:
        rows = list(tqdm(RUNS[options.run](tuple(options.pairs)), unit="row"))
    except (FileNotFoundError, ImportError) as error:
        print(f"python -m benchmarks.registration: {error}", file=sys.stderr)
        return 1
    print(table(rows))
    return 0


def table(rows: Iterable[Row]) -> str:
    """In Markdown; a row lacks what it has nothing to say of."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [" | ".join(names), "|".join("---" for _ in names)]
    lines += [" | ".join(row.get(name, "") for name in names) for row in rows]
    return "\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
