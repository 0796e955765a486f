"""Libraries that need not be installed."""

from __future__ import annotations

import importlib
from types import ModuleType


def optional(module: str, purpose: str, extra: str = "files") -> ModuleType:
    """Import a library when it is needed.

    Parameters
    ----------
    module : str
        What it is imported as.
    purpose : str
        What needs it, for the message.
    extra : str
        The extra of warpkit that installs it.

    Returns
    -------
    module
        The library.

    Raises
    ------
    ImportError
        If it is not installed, with the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        message = f'{purpose} needs {library}: pip install "warpkit-diff[{extra}]"'
        raise ImportError(message, name=error.name) from error
