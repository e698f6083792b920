"""Run one part of the benchmarks as a script: options, table, file and picture."""

from __future__ import annotations

import argparse
import sys

from harness.machine import describe_machine
from harness.picture import draw_ratios
from harness.results import (
    README,
    RESULTS,
    print_table,
    write_into_page,
    write_table,
)
from harness.worker import answer_requests


def run_part(
    name, compare, *, doc, answer=None, versions=None, arguments=None, rounds=5
):
    """Run a part and write ``results/<name>.csv`` and ``results/<name>.png``.

    Its table goes into ``README.md``, too, where that has marks for it.

    Parameters
    ----------
    name : str
        The part, as ``make bench PARTS=...`` names it.
    compare : callable
        Takes the options, returns or yields `Comparison` objects.
    doc : str
        The text of ``--help``; its first line is the title of the picture.
    answer : callable, optional
        What `Worker` processes of this script do.
    versions : callable, optional
        Returns the versions of the peers; called after `compare`.
    arguments : callable, optional
        Adds options of its own to the parser.
    rounds : int, default=5
        Turns, unless told otherwise.
    """
    if "--worker" in sys.argv:
        return answer_requests(answer)
    title = doc.strip().partition("\n")[0]
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"default: {rounds}")
    parser.add_argument("--no-save", action="store_true", help="print only")
    if arguments is not None:
        arguments(parser)
    options = parser.parse_args()
    machine = describe_machine()
    rows = [comparison.row() for comparison in compare(options)]
    if versions is not None:
        machine["peers"] = ", ".join(f"{n} {v}" for n, v in sorted(versions().items()))
    print_table(rows)
    if not options.no_save:
        write_table(RESULTS / f"{name}.csv", rows, machine)
        draw_ratios(RESULTS / f"{name}.png", rows, title)
        write_into_page(README, name, rows)
        print(f"Written: benchmarks/results/{name}.csv and {name}.png")
    return None
