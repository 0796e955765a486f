"""Time warpkit beside the libraries that do the same, on the same inputs and in turns.

Each library has a process of its own and the same number of threads. Its results are first compared with
warpkit's; one that differs is named and not timed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .arguments import positive
from .cases import Case, select
from .floors import Floor, all_floors, check
from .libraries import COPY, PEERS, REFERENCE
from .machine import describe_machine
from .measure import Measurement, Processes
from .progress import progress
from .report import LEGEND, block, header, run_record, write_json


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--case", nargs="+", metavar="GLOB", default=[], help="names as --list has them; all by default"
    )
    parser.add_argument(
        "--library",
        nargs="+",
        choices=(REFERENCE, *PEERS),
        default=list(PEERS),
        help="besides warpkit, which always runs; all by default",
    )
    parser.add_argument("--threads", type=positive, default=2, help="of each library; 2 by default")
    parser.add_argument("--rounds", type=positive, default=9, help="9 by default; fewer only to try it out")
    parser.add_argument("--json", metavar="FILE", help='write everything measured there; "-" for stdout')
    parser.add_argument("--list", action="store_true", help="print the names of the cases and end")
    parser.add_argument(
        "--check", action="store_true", help="measure the floors' cases only; exit status 1 if one is missed"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        cases = select(options.case)
    except ValueError as error:
        parser.error(str(error))
    floors = []
    if options.check:
        peers = (*options.library, COPY)
        floors = [floor for floor in all_floors() if floor.case in cases and floor.peer in peers]
        cases = list(dict.fromkeys(floor.case for floor in floors))
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    return run(cases, floors, options)


def run(cases: Sequence[Case], floors: Sequence[Floor], options: argparse.Namespace) -> int:
    """Measure and print; 1 if a floor is missed."""
    quiet = options.json == "-"
    machine = describe_machine()
    measurements: list[Measurement] = []
    with Processes([name for name in options.library if name != REFERENCE], options.threads) as processes:
        if not quiet:
            print(header(machine, processes.versions, processes.missing))
            print(LEGEND.format(rounds=options.rounds, threads=options.threads))
        with progress(len(cases) * (options.rounds + 1)) as tick:
            for measured in processes.measure(cases, options.rounds, tick):
                measurements += measured
                if not quiet:
                    print("\n" + block(measured), flush=True)
    if options.json:
        record = run_record(
            measurements,
            threads=options.threads,
            rounds=options.rounds,
            versions=processes.versions,
            missing=processes.missing,
        )
        write_json(machine, [record], options.json)
    if not options.check:
        return 0
    table, passed = check(floors, measurements)
    print("\n" + table, file=sys.stderr if quiet else sys.stdout)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
