"""Tables of comparisons: printed, written, read again."""

from __future__ import annotations

import csv
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
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
