"""Let things take turns: A B A B, so that a slow minute of the machine meets all."""

from __future__ import annotations

import sys


def take_turns(measures, rounds):
    """Return the figures of each measure, a list of one per round.

    `measures` maps names to functions without arguments that return a figure. Every
    second round goes backwards, so that nobody always comes after the same other.
    """
    figures = {name: [] for name in measures}
    for number in range(rounds):
        order = list(measures)[:: -1 if number % 2 else 1]
        for name in order:
            figures[name].append(measures[name]())
            print(f"  round {number + 1}/{rounds} {name}", end="\r", file=sys.stderr)
    print(end="\033[K", file=sys.stderr)
    return figures
