"""Runs cases in all libraries, a process each, in rounds that go from one library to the next."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .cases import Case
from .libraries import COPY, REFERENCE
from .worker import READY, UNSUPPORTED, Prepared, serve

# Read by the thread pools when a process loads them.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

ENDED = "its process ended"


@dataclass(frozen=True)
class Measurement:
    """One case in one library."""

    case: Case
    library: str
    prepared: Prepared
    rounds: list[float] = field(default_factory=list)
    """Seconds of a call, by round; empty where the library is not ready."""

    @property
    def seconds(self) -> float | None:
        """The median over rounds."""
        return statistics.median(self.rounds) if self.rounds else None

    @property
    def bandwidth(self) -> float | None:
        """Bytes moved per second."""
        return self.prepared.bytes_moved / self.seconds if self.seconds else None

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.case.name,
            "case": asdict(self.case),
            "library": self.library,
            "seconds": self.seconds,
            "rounds": self.rounds,
            **asdict(self.prepared),
        }


class Process:
    """A library's process, seen from outside."""

    def __init__(self, library: str, threads: int) -> None:
        context = multiprocessing.get_context("spawn")  # thread pools do not survive a fork
        self.library = library
        self.pipe: Connection
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=serve, args=(library, threads, other), daemon=True)
        self.process.start()
        other.close()  # so that the end of the process is the end of the pipe

    def ask(self, request: Any) -> Any:
        """The answer, or an EOFError if the process has ended."""
        try:
            self.pipe.send(request)
            return self.pipe.recv()
        except (BrokenPipeError, ConnectionResetError):
            raise EOFError from None

    def prepare(self, case: Case, folder: Path) -> Prepared:
        try:
            answer: Prepared = self.ask((case, folder))
            return answer
        except EOFError:
            return Prepared(ENDED)

    def end(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send(None)
        self.process.join()


class Processes:
    """warpkit's process, those of the peers that are installed, and that of the copy.

    Attributes
    ----------
    versions : dict
        Of the libraries that are installed.
    missing : dict
        Why each of the others is not there.
    """

    def __init__(self, peers: Sequence[str], threads: int) -> None:
        for variable in THREAD_VARIABLES:
            os.environ[variable] = str(threads)
        self.versions: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.running: list[Process] = []
        started = [Process(library, threads) for library in (REFERENCE, *peers, COPY)]
        for process in started:
            try:
                answer = process.pipe.recv()
            except EOFError:
                answer = ImportError(ENDED)
            if isinstance(answer, ImportError):
                self.missing[process.library] = str(answer)
                process.process.join()
            else:
                self.versions[process.library] = answer
                self.running.append(process)
        if REFERENCE in self.missing:
            raise RuntimeError(f"{REFERENCE}: {self.missing[REFERENCE]}")

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running:
            process.end()

    def measure(
        self, cases: Iterable[Case], rounds: int, tick: Callable[[str], None]
    ) -> Iterator[list[Measurement]]:
        """The measurements of each case in turn; `tick` is called with its name for each round and before."""
        for case in cases:
            yield self._measure_case(case, rounds, tick)

    def _measure_case(self, case: Case, rounds: int, tick: Callable[[str], None]) -> list[Measurement]:
        with tempfile.TemporaryDirectory() as folder:
            prepared = {}
            for process in self.running:  # warpkit first: it leaves the results that others are held against
                prepared[process.library] = process.prepare(case, Path(folder))
        tick(case.name)
        times: dict[str, list[float]] = {library: [] for library in prepared}
        for _ in range(rounds):
            for process in self.running:
                if prepared[process.library].state == READY:
                    try:
                        times[process.library].append(process.ask("round"))
                    except EOFError:
                        prepared[process.library] = Prepared(ENDED)
                        times[process.library] = []
            tick(case.name)
        return [
            Measurement(case, library, answer, times[library])
            for library, answer in prepared.items()
            if answer.state != UNSUPPORTED
        ]
