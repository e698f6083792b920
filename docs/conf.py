"""Settings of the documentation, and the pages of the API reference."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import sk_ensemble
from sk_ensemble.experiments.config import yaml_reference

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # sphinx-gallery imports the look of its pictures

project = "sk_ensemble"
author = "The sk_ensemble developers"
copyright = f"2026, {author}"
version = release = sk_ensemble.__version__

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
default_role = "py:obj"
html_theme = "pydata_sphinx_theme"
html_title = "sk_ensemble"
html_theme_options = {"navigation_with_keys": False, "show_prev_next": False}
html_show_sourcelink = False

plot_formats = [("png", 150)]
plot_html_show_formats = False
plot_html_show_source_link = False

# Examples are run whenever the pages are built; one that fails fails them all.
sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "gallery",
    "subsection_order": [
        f"../examples/gallery/{subject}"
        for subject in ("data", "splits", "models", "decisions")
    ],
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "write_computation_times": False,
    "reset_modules": ("matplotlib", "gallery_style.use_safe_colours"),
    "doc_module": ("sk_ensemble",),
    "backreferences_dir": "gallery/backreferences",
    "plot_gallery": True,
}

autodoc_typehints = "none"
autosummary_generate = True
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False


def public_packages() -> dict[str, ModuleType]:
    """Return the packages with public names, whichever there are."""
    names = [module.name for module in pkgutil.iter_modules(sk_ensemble.__path__)]
    modules = {
        name: importlib.import_module(f"sk_ensemble.{name}")
        for name in names
        if not name.startswith("_")
    }
    return {name: item for name, item in modules.items() if hasattr(item, "__all__")}


def table(title: str, members: list[str], options: tuple[str, ...] = ()) -> list[str]:
    """Return a titled table of names with their first sentences, if there are any."""
    if not members:
        return []
    rows = [f"   {member}" for member in members]
    return [f".. rubric:: {title}", "", ".. autosummary::", *options, "", *rows, ""]


def api_page(name: str, own: list[str], borrowed: list[str]) -> str:
    """Return the page of one package: its own words and a table of its names."""
    title = f"sk_ensemble.{name}"
    lines = [
        title,
        "=" * len(title),
        "",
        f".. automodule:: {title}",
        "   :no-members:",
        "",
        f".. currentmodule:: {title}",
        "",
        *table("Classes, functions and values", own, ("   :toctree: ../objects",)),
        *table("Described elsewhere, and importable from here too", borrowed),
    ]
    return "\n".join(lines)


def api_pages() -> dict[str, str]:
    """Return the pages by package; each object is described on the first alone."""
    pages, homes = {}, {}
    for name, module in public_packages().items():
        own, borrowed = [], []
        for member in module.__all__:
            home = homes.setdefault(id(getattr(module, member)), f"{name}.{member}")
            is_own = home == f"{name}.{member}"
            (own if is_own else borrowed).append(
                member if is_own else f"~sk_ensemble.{home}"
            )
        pages[name] = api_page(name, own, borrowed)
    return pages


def write_api_pages() -> None:
    """Write a page per package, leaving those alone that have not changed."""
    folder = HERE / "api" / "generated" / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    pages = api_pages()
    for page in folder.glob("*.rst"):
        if page.stem not in pages:
            page.unlink()
    for name, text in pages.items():
        page = folder / f"{name}.rst"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def write_yaml_reference() -> None:
    """Write the tables of all keys, which the page on configuration includes."""
    folder = HERE / "api" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml_reference()
    page = folder / "yaml_reference.txt"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def skip_foreign_members(
    app: Any, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out what a class has from other packages, scikit-learn above all."""
    if name == "model_config":  # the settings of pydantic
        return True
    member = inspect.unwrap(getattr(member, "fget", None) or member)
    module = getattr(member, "__module__", None) or ""
    if what == "class" and callable(member) and not module.startswith("sk_ensemble"):
        return True
    return None


def as_literals(line: str) -> str:
    """Mark the fitted attributes, like ``classes_``, that a line names bare."""
    if line.lstrip().startswith((">>>", "...")):
        return line
    parts = re.split(r"(`+.+?`+)", line)
    parts[::2] = [re.sub(r"(?<![\w.*])(\w*[a-z]_)\b", r"``\1``", s) for s in parts[::2]]
    return "".join(parts)


def mark_fitted_attributes(
    app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    """Keep docutils from taking a bare word that ends in ``_`` for a link."""
    lines[:] = [as_literals(line) for line in lines]


def setup(app: Any) -> None:
    """Connect the functions above, the second to run after numpydoc's own."""
    app.connect("autodoc-skip-member", skip_foreign_members)
    app.connect("autodoc-process-docstring", mark_fitted_attributes, priority=600)


write_api_pages()
write_yaml_reference()
