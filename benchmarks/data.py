"""Where the data sets are."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    """The folder that the environment variable WARPKIT_DATA names."""
    folder = os.environ.get("WARPKIT_DATA")
    if not folder:
        expected = "a folder with mnist/ and the other data sets"
        raise FileNotFoundError(f"WARPKIT_DATA: expected {expected}, given none")
    return Path(folder)
