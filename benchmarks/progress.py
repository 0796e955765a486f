"""How far a run has come, on stderr."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A function to be called `total` times with what is being done: a bar with tqdm, else lines."""
    if importlib.util.find_spec("tqdm") is None:
        yield _lines()
        return
    from tqdm import tqdm

    every = 0.5 if sys.stderr.isatty() else 30.0  # seconds; in a log each state is a line
    with tqdm(
        total=total, mininterval=every, bar_format="{percentage:3.0f}% {elapsed}<{remaining} {desc}"
    ) as bar:

        def tick(doing: str) -> None:
            bar.set_description_str(doing, refresh=False)
            bar.update()

        yield tick


def _lines() -> Callable[[str], None]:
    last = ""

    def tick(doing: str) -> None:
        nonlocal last
        if doing != last:
            print(doing, file=sys.stderr, flush=True)
        last = doing

    return tick
