"""Optional dependencies of the commands."""

from __future__ import annotations

import importlib.util


def need(names: dict[str, str], purpose: str, extra: str) -> None:
    """Check that packages are installed, without importing them.

    Parameters
    ----------
    names : dict from str to str
        What the packages are imported as, and what people call them.
    purpose : str
        What needs them, for the message.
    extra : str
        The extra of warpkit that installs them.

    Raises
    ------
    ImportError
        Names all that are missing, and the command that installs them.
    """
    missing = [called for name, called in names.items() if not _exists(name)]
    if missing:
        raise ImportError(f'{purpose} needs {" and ".join(missing)}: pip install "warpkit-diff[{extra}]"')


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # sys.modules[name] is None: forbidden
        return False
