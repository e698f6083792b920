"""Write the speeds that were measured into the table of other libraries in README.md.

    python benchmarks/speeds.py

A row of the table names a library with its version; "N times faster" in it stands for a
case of a part of the benchmarks, in the order of `CASES`.
"""

from __future__ import annotations

import re
from pathlib import Path

from harness.results import RESULTS, read_table

README = Path(__file__).parents[1] / "README.md"
_SPEED = re.compile(r"[\d.]+(?= times faster)")

#: Part and case behind each speed, by library.
CASES = {
    "skfolio": [("splits", "100,000 rows")],
    "purgedcv": [("splits", "100,000 rows")],
    "holdout-backtest": [
        ("splits", "100,000 rows"),
        ("labels", "9,980 draws from 9,980 labels"),
    ],
    "mlfinpy": [
        ("labels", "triple barrier, 10,000 bars"),
        ("labels", "uniqueness, 10,000 bars"),
    ],
}


def speed_of(library, part, case):
    """Return the version of a library, and how many times faster this package is."""
    machine, rows = read_table(RESULTS / f"{part}.csv")
    versions = dict(peer.split() for peer in machine["peers"].split(", "))
    (ratio,) = (
        float(row["ratio"])
        for row in rows
        if (row["case"], row["other"]) == (case, library)
    )
    return versions[library], f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}"


def speeds():
    """Return the speeds of each library with its version, in the order of the table."""
    found = {}
    for library, cases in CASES.items():
        for part, case in cases:
            version, speed = speed_of(library, part, case)
            found.setdefault(f"{library} {version}", []).append(speed)
    return found


def with_speeds(text, measured):
    """Return a page whose rows tell the speeds that were measured."""
    left = {name: iter(values) for name, values in measured.items()}

    def row_with_speed(line):
        name = line.split("|")[1].strip() if line.startswith("| ") else None
        if name not in left or not _SPEED.search(line):
            return line
        return _SPEED.sub(next(left[name]), line)

    return "\n".join(map(row_with_speed, text.split("\n")))


def main():
    text = README.read_text(encoding="utf-8")
    README.write_text(with_speeds(text, speeds()), encoding="utf-8")


if __name__ == "__main__":
    main()
