"""Writes the pages under `reference/generated`: for each package, what it exports.

The pages follow from what the packages export, so nothing public can be forgotten and nothing listed can be
gone. Each object stands under the name that users should write: `warpkit.NAME` where the top level has it.
The bridges need torch or JAX to be imported: theirs follows from their source.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

from numpydoc.docscrape_sphinx import SphinxDocString

import warpkit
from warpkit._core import all_ops

GENERATED = Path(__file__).parent / "reference" / "generated"


def exports(package):
    """What a package exports that can be called, as {name: object}."""
    return {name: thing for name, thing in vars(package).items() if name[0] != "_" and callable(thing)}


def public_packages():
    """The packages below warpkit that can be imported with nothing but its own dependencies."""
    for found in pkgutil.iter_modules(warpkit.__path__):
        if found.ispkg and not found.name.startswith("_") and found.name not in ("bridges", "cli"):
            yield importlib.import_module(f"warpkit.{found.name}")


def directive(thing):
    """What autodoc should take it for. An op is called like a function, and documented like one."""
    if inspect.isclass(thing):
        return "autoexception" if issubclass(thing, BaseException) else "autoclass"
    return "autofunction"


def heading(title, underline="="):
    """A heading."""
    return [title, underline * len(title), ""]


def table(names):
    """A table of names, each linked to its entry, with the first line of what is said there."""
    return [".. autosummary::", "   :nosignatures:", "", *(f"   ~{name}" for name in names), ""]


def entries(things):
    """The entry of each thing."""
    lines = []
    for name, thing in things.items():
        lines += [f".. {directive(thing)}:: {name}"]
        if inspect.isclass(thing):
            lines += ["   :members:"]
        lines += [""]
    return lines


def module(name):
    """The place that a mention of a module links to."""
    return [f".. py:module:: {name}", "", ".. py:currentmodule:: None", ""]


def package_table():
    """The public packages, each linked to its page, with the first line of its docstring."""
    lines = [".. list-table::", "   :widths: auto", ""]
    packages = [*public_packages(), importlib.import_module("warpkit.bridges")]
    for package in sorted(packages, key=lambda package: package.__name__):
        summary = (inspect.getdoc(package) or "").partition("\n")[0]
        lines += [f"   * - :mod:`{package.__name__}`", f"     - {summary}"]
    return lines


def name_tables(homes):
    """All functions and classes of the top level, under the package whose page has their entries."""
    by_home = {}
    for name in exports(warpkit):
        by_home.setdefault(homes[f"warpkit.{name}"], []).append(f"warpkit.{name}")
    lines = []
    for home, names in sorted(by_home.items(), key=lambda item: item[0] == "warpkit"):
        title = "Settings" if home == "warpkit" else f":mod:`{home}`"
        lines += ["", f".. rubric:: {title}", "", *table(names)]
    return lines


def bridges_page(homes):
    """The page of the bridges: what their source says, and which ops they have."""
    folder = Path(warpkit.__file__).parent / "bridges"
    lines = module("warpkit.bridges") + heading("warpkit.bridges")
    lines += [ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))), ""]
    for framework in ("torch", "jax"):
        tree = ast.parse((folder / f"{framework}.py").read_text(encoding="utf-8"))
        name = f"warpkit.bridges.{framework}"
        lines += heading(name, "-") + module(name)
        lines += [str(SphinxDocString(ast.get_docstring(tree))), ""]
        for function in tree.body:
            if isinstance(function, ast.FunctionDef) and function.name[0] != "_":
                arguments = ", ".join(argument.arg for argument in function.args.args)
                lines += [f".. py:function:: {function.name}({arguments})", "   :module: " + name, ""]
                text = str(SphinxDocString(ast.get_docstring(function)))
                lines += [f"   {line}".rstrip() for line in text.splitlines()] + [""]
    documented = {name.rpartition(".")[2]: name for name in homes}
    ops = [documented[op.name] for op in all_ops() if op.name in documented]
    lines += [*heading("The ops", "-"), "Both bridges have these, by the last part of the name.", ""]
    return "\n".join(lines + table(sorted(ops, key=lambda name: name.rpartition(".")[2]))) + "\n"


def write_pages(app):
    """Write the pages of all packages, and what the landing page includes."""
    GENERATED.mkdir(exist_ok=True)
    for stale in GENERATED.iterdir():
        stale.unlink()
    homes = {}  # the package whose page has the entry of a name: the first that exports it

    def write(package, things):
        own = {name: thing for name, thing in things.items() if name not in homes}
        homes.update(dict.fromkeys(own, package.__name__))
        if own:
            name = package.__name__
            lines = module(name) + heading(name) + [inspect.getdoc(package) or "", ""]
            text = "\n".join(lines + table(own) + entries(own))
            (GENERATED / f"{name}.rst").write_text(text, encoding="utf-8")

    top_level = exports(warpkit)
    for package in public_packages():
        things = {}
        for name, thing in exports(package).items():
            home = warpkit if top_level.get(name) is thing else package
            things[f"{home.__name__}.{name}"] = thing
        write(package, things)
    (GENERATED / "warpkit.bridges.rst").write_text(bridges_page(homes), encoding="utf-8")

    # The landing page has the entries of what belongs to no package. (.txt: it is no page of its own.)
    settings = {f"warpkit.{name}": thing for name, thing in top_level.items()}
    settings = {name: thing for name, thing in settings.items() if name not in homes}
    homes.update(dict.fromkeys(settings, "warpkit"))
    included = {
        "packages": package_table(),
        "names": module("warpkit") + name_tables(homes),
        "settings": entries(settings),
    }
    for name, lines in included.items():
        (GENERATED / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


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
