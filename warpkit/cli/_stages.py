"""What a command is doing, told to whoever waits."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 2.0  # seconds: what is done sooner is not worth a line
EVERY = 1.0


@contextmanager
def stage(doing: str) -> Iterator[None]:
    """Say on stderr what is being done, and since when, if it takes longer than PATIENCE.

    On a terminal the seconds are counted; in a log there is one line.
    """
    start, done = time.perf_counter(), threading.Event()
    teller = threading.Thread(target=_tell, args=(doing, start, done), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(doing: str, start: float, done: threading.Event) -> None:
    if done.wait(PATIENCE):
        return
    if not sys.stderr.isatty():
        print(f"{doing} ...", file=sys.stderr, flush=True)
        return
    while not done.is_set():
        _print_seconds(doing, start, "\r")
        done.wait(EVERY)
    _print_seconds(doing, start, "\n")


def _print_seconds(doing: str, start: float, end: str) -> None:
    print(f"\r{doing} ... {time.perf_counter() - start:.0f} s", end=end, file=sys.stderr, flush=True)
