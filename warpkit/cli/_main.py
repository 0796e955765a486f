"""The command line: which commands there are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

import warpkit

from . import _demo, _register, _warp

_ERROR = 1
_INTERRUPTED = 130  # what shells give for a program that Ctrl-C ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line after the program's name; that of the process by default.

    Returns
    -------
    int
        The exit status: 0; 1 after an error that has been printed; 2 from `register` where it did not
        converge.
    """
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C", file=sys.stderr)
        return _INTERRUPTED
    except (FloatingPointError, ImportError, MemoryError, OSError, ValueError) as error:
        print(f"warpkit: {error or type(error).__name__}", file=sys.stderr)
        return _ERROR
    return status


class _Parser(argparse.ArgumentParser):
    """Ends with 1 where the command line is wrong: argparse's own 2 says that images were not aligned."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(_ERROR, f"{self.prog}: error: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="warpkit", description="Image warping with every derivative.")
    parser.add_argument("--version", action="version", version=f"warpkit {warpkit.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    help_of_register = "align two images, and say whether to believe the answer"
    register = commands.add_parser("register", help=help_of_register, description=_register.__doc__)
    _register.add_arguments(register)
    register.set_defaults(run=_register.run)
    help_of_warp = "apply a transform from a file to an image"
    warp = commands.add_parser("warp", help=help_of_warp, description=_warp.__doc__)
    _warp.add_arguments(warp)
    warp.set_defaults(run=_warp.run)
    help_of_demo = "train a spatial transformer on handwritten digits, and a plain network beside it"
    demo = commands.add_parser("demo", help=help_of_demo, description=_demo.__doc__)
    _demo.add_arguments(demo)
    demo.set_defaults(run=_demo.run)
    help_of_config = "print versions, compiled kernels and threads"
    config = commands.add_parser("config", help=help_of_config, description=help_of_config)
    config.set_defaults(run=_show_config)
    return parser


def _show_config(options: argparse.Namespace) -> int:
    del options
    warpkit.show_config()
    return 0
