"""Commands, see ``python -m warpkit --help``."""

from ._main import main as main
