"""Writes the pages under `reference/generated`: for each package, what it exports.

The pages follow from what the packages export, so nothing public can be forgotten and nothing listed can be
gone. Each object stands under the name that users should write: `warpkit.NAME` where the top level has it.
"""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import warpkit

GENERATED = Path(__file__).parent / "reference" / "generated"


def exports(package):
    """What a package exports that can be called, as {name: object}."""
    return {name: thing for name, thing in vars(package).items() if name[0] != "_" and callable(thing)}


def public_packages():
    """The packages below warpkit that can be imported with nothing but its own dependencies."""
    for found in pkgutil.iter_modules(warpkit.__path__):
        # The bridges need torch or JAX.
        if found.ispkg and not found.name.startswith("_") and found.name not in ("bridges", "cli"):
            yield importlib.import_module(f"warpkit.{found.name}")


def directive(thing):
    """What autodoc should take it for. An op is called like a function, and documented like one."""
    if inspect.isclass(thing):
        return "autoexception" if issubclass(thing, BaseException) else "autoclass"
    return "autofunction"


def page(title, introduction, things):
    """One page: a table of all names, then the entry of each."""
    lines = [title, "=" * len(title), "", introduction, "", ".. autosummary::", "   :nosignatures:", ""]
    lines += [f"   ~{name}" for name in things]
    for name, thing in things.items():
        lines += ["", f".. {directive(thing)}:: {name}"]
        if inspect.isclass(thing):
            lines += ["   :members:"]
    return "\n".join(lines) + "\n"


def write_pages(app):
    """Write the pages of all packages, and of what the top level exports from its private rooms."""
    GENERATED.mkdir(exist_ok=True)
    for stale in GENERATED.glob("*.rst"):
        stale.unlink()
    documented = set()

    def write(title, introduction, things):
        # What several packages export is documented once, with the first of them.
        things = {name: thing for name, thing in things.items() if name not in documented}
        documented.update(things)
        if things:
            (GENERATED / f"{title}.rst").write_text(page(title, introduction, things), encoding="utf-8")

    top_level = exports(warpkit)
    for package in public_packages():
        things = {}
        for name, thing in exports(package).items():
            home = warpkit if top_level.get(name) is thing else package
            things[f"{home.__name__}.{name}"] = thing
        write(package.__name__, inspect.getdoc(package) or "", things)
    things = {f"warpkit.{name}": thing for name, thing in top_level.items()}
    write("warpkit", "What belongs to no package of its own: settings, errors and types.", things)


def escape_stars(app, what, name, thing, options, lines):
    """Escape the star of `shape (n, *spatial)`, which would open an emphasis in reStructuredText."""
    for i, line in enumerate(lines):
        if "``" not in line and not line.lstrip().startswith((">>>", "...")):
            lines[i] = re.sub(r"(?<=[(, ])\*(?=\w+[,)])", r"\*", line)


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", escape_stars, priority=400)  # before numpydoc's own
    return {"parallel_read_safe": True}
