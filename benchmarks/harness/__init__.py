"""What all benchmarks share: peers, turns, comparisons, tables, files and pictures."""

from __future__ import annotations

from harness.comparison import AtLeast, AtMost, Comparison, Floor
from harness.memory import Watch
from harness.part import run_part
from harness.peers import install_peers, peer_versions
from harness.turns import take_turns
from harness.worker import Worker

__all__ = [
    "AtLeast",
    "AtMost",
    "Comparison",
    "Floor",
    "Watch",
    "Worker",
    "install_peers",
    "peer_versions",
    "run_part",
    "take_turns",
]
