"""Tables of comparisons: printed, written, read again."""

from __future__ import annotations

import csv
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
README = Path(__file__).parents[1] / "README.md"
_SHOWN = ["case", "other", "unit", "here", "there", "ratio", "least", "most", "aim"]


def write_table(path, rows, machine):
    """Write rows as CSV below the machine, a line of comment per fact."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(f"# {what}: {told}\n" for what, told in machine.items())
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_table(path):
    """Return the machine and the rows that `write_table` wrote."""
    lines = path.read_text(encoding="utf-8").splitlines()
    notes = [line[2:].partition(": ") for line in lines if line.startswith("# ")]
    table = [line for line in lines if not line.startswith("# ")]
    return {what: told for what, _, told in notes}, list(csv.DictReader(table))


def print_table(rows):
    """Print rows under each other, the aims that are not reached marked."""
    shown = [[*_SHOWN, ""]]
    for row in rows:
        mark = "not reached" if row["reached"] == "no" else ""
        shown.append([*(str(row[name]) for name in _SHOWN), mark])
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for cells in shown:
        padded = (cell.ljust(w) for cell, w in zip(cells, widths, strict=True))
        print("  ".join(padded).rstrip())


def told(figure):
    """Return a figure with three digits, or all of them before the point."""
    figure = float(figure)
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


def markdown(rows):
    """Return rows as a table in Markdown."""
    lines = ["| case | beside | here | there | ratio | aim |"]
    lines.append("|---|---|---:|---:|---:|---|")
    for row in rows:
        here, there = (f"{told(row[name])} {row['unit']}" for name in ("here", "there"))
        ratio, least, most = (told(row[name]) for name in ("ratio", "least", "most"))
        spread = f" ({least} to {most})" if int(row["rounds"]) > 1 else ""
        aim = row["aim"] + (", not reached" if row["reached"] == "no" else "")
        cells = row["case"], row["other"], here, there, ratio + spread, aim
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return "\n".join(lines)


def write_into_page(path, name, rows):
    """Put the table of a part between its marks in a page, where it has them."""
    begin, end = f"<!-- results: {name} -->", f"<!-- end of results: {name} -->"
    text = path.read_text(encoding="utf-8")
    if begin not in text or end not in text:
        return
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    page = f"{before}{begin}\n{markdown(rows)}\n{end}{after}"
    path.write_text(page, encoding="utf-8")
