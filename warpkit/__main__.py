"""Commands: ``python -m warpkit --help``."""

import sys

from warpkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
