"""The README's two commands exist, and name extras that exist."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


@pytest.mark.parametrize("ending", ["python -m warpkit demo", "python -m pytest"])
def test_command(ending):
    """Each once, on a line of its own: CI takes them from there."""
    commands = re.findall(rf'^pip install -e "\.\[(\w+)\]" && {re.escape(ending)}$', README, re.MULTILINE)
    assert len(commands) == 1
    assert commands[0] in EXTRAS


def test_every_extra_mentioned_exists():
    mentioned = set(re.findall(r"\.\[(\w+)\]", README))
    assert mentioned <= set(EXTRAS)


def test_links_lead_to_files():
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
