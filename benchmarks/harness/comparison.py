"""One line of a benchmark: this package beside something else."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class AtLeast:
    """Aim: the other thing takes at least so many times what is taken here."""

    bound: float

    def ratio(self, here, there):
        return there / here

    def reached(self, ratio):
        return ratio >= self.bound

    def __str__(self):
        return f">= {self.bound:g}"


@dataclass(frozen=True)
class AtMost:
    """Aim: here is taken at most so many times what the other thing takes."""

    bound: float

    def ratio(self, here, there):
        return here / there

    def reached(self, ratio):
        return ratio <= self.bound

    def __str__(self):
        return f"<= {self.bound:g}"


@dataclass(frozen=True)
class Floor:
    """No aim: how far from what no program can beat, or from another measure."""

    def ratio(self, here, there):
        return here / there

    def reached(self, ratio):
        return None

    def __str__(self):
        return ""


@dataclass(frozen=True)
class Comparison:
    """What was measured here and there, in turns.

    `here` and `there` hold one figure per round, in `unit`; the ratio is that of each
    round, so that what the machine does in the meantime meets both. Under `AtLeast` it
    is there / here ("times faster"), else here / there ("share of").
    """

    case: str
    other: str
    unit: str
    here: Sequence[float]
    there: Sequence[float]
    aim: AtLeast | AtMost | Floor = Floor()

    def __post_init__(self):
        if len(self.here) != len(self.there) or not self.here:
            raise ValueError(
                f"{self.case}, {self.other}: {len(self.here)} figures here, "
                f"{len(self.there)} there; take turns, so that they are as many."
            )

    @property
    def ratios(self):
        pairs = zip(self.here, self.there, strict=True)
        return [self.aim.ratio(here, there) for here, there in pairs]

    def row(self):
        """Return the line of the table, as it is written to a file."""
        ratios = self.ratios
        median = statistics.median(ratios)
        reached = self.aim.reached(median)
        return {
            "case": self.case,
            "other": self.other,
            "unit": self.unit,
            "here": _short(statistics.median(self.here)),
            "there": _short(statistics.median(self.there)),
            "ratio": _short(median),
            "least": _short(min(ratios)),
            "most": _short(max(ratios)),
            "rounds": len(ratios),
            "aim": str(self.aim),
            "reached": "" if reached is None else "yes" if reached else "no",
        }


def _short(number, digits=4):
    """Round to a few digits, whatever the size."""
    if number == 0 or not math.isfinite(number):
        return number
    return round(number, digits - 1 - math.floor(math.log10(abs(number))))
