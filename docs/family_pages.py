"""Write what the pages of the families share with code and measurements.

That is the table of all families, made from the registry, and the line of each page
that names what the family costs, made from ``benchmarks/results/families.csv``. The
rest of the pages is written by hand. Run it after a measurement, or when a family has
been added:

    python docs/family_pages.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from sk_ensemble.registry import list_models

PAGES = Path(__file__).parent / "families"
FIGURES = Path(__file__).parent.parent / "benchmarks" / "results" / "families.csv"
#: What the line of a page begins with that holds its figures.
MARK = "On one core, with "
BEGIN, END = ".. table of families: begin", ".. table of families: end"
#: Names of cost by the seconds, less than which a fit takes.
COSTS = {1: "very low", 10: "low", 100: "medium", 1000: "high"}
#: Epochs that a network has by default.
EPOCHS = 50


def read_figures() -> pd.DataFrame:
    """Return what was measured, by full name."""
    return pd.read_csv(FIGURES, index_col="name")


def amount(value: float) -> str:
    """Return a number with two digits that count."""
    return f"{float(f'{value:.2g}'):,.10g}"


def cost_line(row: Any) -> str:
    """Return what a page says of the cost of its family."""
    fit = "an epoch" if row.fit_of == "epoch" else "a fit"
    unit = row.size_unit if row["size"] != 1 else row.size_unit.removesuffix("s")
    return (
        f"{MARK}{row.samples:,} windows of {row.window_length} bars and "
        f"{row.n_features} features: {fit} takes {amount(row.fit_seconds)} s, 1,000 "
        f"predictions {amount(row.predict_seconds)} s; {row['size']:,} {unit}, "
        f"{amount(row.saved_bytes / 1000)} kB saved."
    )


def cost_class(row: Any) -> str:
    """Return the name of what a fit with default parameters costs."""
    seconds = row.fit_seconds * (EPOCHS if row.fit_of == "epoch" else 1)
    return next((COSTS[limit] for limit in COSTS if seconds < limit), "very high")


def index_table(models: pd.DataFrame, figures: pd.DataFrame) -> str:
    """Return the table of all families."""
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "   :widths: 64 12 12 12",
        "",
        "   * - Name, and what it is",
        "     - Needs windows",
        "     - Missing values",
        "     - Cost",
    ]
    for model in models.itertuples():
        known = model.full_name in figures.index
        lines += [
            f"   * - :doc:`{model.full_name} <{model.name}>`: {model.description}",
            f"     - {'yes' if model.needs_windows else 'no'}",
            f"     - {'allowed' if model.allows_nan else 'refused'}",
            f"     - {cost_class(figures.loc[model.full_name]) if known else '--'}",
        ]
    return "\n".join(lines)


def with_table(text: str, table: str) -> str:
    """Return the text of the index with another table between its marks."""
    head, _, rest = text.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise ValueError(f"The index lacks the lines {BEGIN!r} and {END!r}.")
    return f"{head}{BEGIN}\n\n{table}\n\n{END}{tail}"


def with_cost(text: str, line: str) -> str:
    """Return the text of a page with another line of figures."""
    lines = text.split("\n")
    places = [place for place, known in enumerate(lines) if known.startswith(MARK)]
    if len(places) != 1:
        raise ValueError(f"{len(places)} lines begin with {MARK!r}, not 1.")
    lines[places[0]] = line
    return "\n".join(lines)


def main() -> None:
    models, figures = list_models(), read_figures()
    index = PAGES / "index.rst"
    text = with_table(index.read_text(encoding="utf-8"), index_table(models, figures))
    index.write_text(text, encoding="utf-8")
    for model in models.itertuples():
        page = PAGES / f"{model.name}.rst"
        if model.full_name in figures.index:
            line = cost_line(figures.loc[model.full_name])
            text = with_cost(page.read_text(encoding="utf-8"), line)
            page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
