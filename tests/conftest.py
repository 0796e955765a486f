"""What every test may rely on."""

import os
import signal
from pathlib import Path

import hypothesis
import pytest

# The same examples in every run: a failure is reproduced by running the test again, never by luck. Deadlines
# are off, because the first call of a kernel may load it.
hypothesis.settings.register_profile("warpkit", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.load_profile("warpkit")

# A shell starts what it runs in the background with Ctrl-C ignored, and Python leaves that as it is.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of data sets named by WARPKIT_DATA.

    Without it such a test is skipped on a developer's machine, and fails in CI, where nobody reads skips.
    """
    folder = os.environ.get("WARPKIT_DATA", "")
    if folder and Path(folder).is_dir():
        return Path(folder)
    reason = f"needs data sets: WARPKIT_DATA={folder!r} names no folder"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
