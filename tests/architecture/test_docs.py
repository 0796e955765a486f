"""The examples in README and documentation run, each page in an interpreter of its own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def with_examples():
    return [page for page in PAGES if re.search(r"^>>> ", page.read_text(encoding="utf-8"), re.MULTILINE)]


@pytest.mark.parametrize("page", with_examples(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_run(page):
    """A process each: the recipe registers an op, and a name is registered once."""
    command = [sys.executable, "-m", "doctest", "-o", "NORMALIZE_WHITESPACE", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pages_with_examples_are_found():
    names = {page.name for page in with_examples()}
    assert {"README.md", "adding_an_op.md", "conventions.md", "autograd.md", "howto.md"} <= names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_code_fences_are_closed(page):
    assert page.read_text(encoding="utf-8").count("```") % 2 == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page):
    """Anchors are Sphinx's to check."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_in_the_table_of_contents():
    """Or in that of the reference, which writes its own."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = [page.relative_to(ROOT / "docs").with_suffix("").as_posix() for page in PAGES[1:]]
    missing = [page for page in pages if page != "index" and not re.search(rf"^{page}$", index, re.MULTILINE)]
    assert missing == []
