"""How long it takes to import the package and to show help.

Every round starts fresh processes in turns: Python alone, scikit-learn, the package,
its main names, and ``sk-ensemble --help``; differences are taken within a round.

    python benchmarks/bench_import.py --rounds 10
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "import.json"

COMMANDS = {
    "python": ["-c", "pass"],
    "sklearn": ["-c", "import sklearn.pipeline, pandas"],
    "package": ["-c", "import sk_ensemble"],
    "names": ["-c", "from sk_ensemble import Panel, PurgedSplit, Windower, create"],
    "help": ["-m", "sk_ensemble", "--help"],
}

#: What is shown: the command, less the start of another.
DIFFERENCES = {
    "import sk_ensemble, beyond Python": ("package", "python"),
    "Panel, Windower, PurgedSplit, create, beyond scikit-learn and pandas": (
        "names",
        "sklearn",
    ),
    "sk-ensemble --help, beyond Python": ("help", "python"),
}


def seconds(words):
    """Return how long a fresh process takes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args()
    for words in COMMANDS.values():
        seconds(words)
    rounds = [
        {name: seconds(words) for name, words in COMMANDS.items()}
        for _ in range(options.rounds)
    ]
    found = {}
    for title, (name, base) in DIFFERENCES.items():
        values = [times[name] - times[base] for times in rounds]
        found[title] = round(statistics.median(values), 3)
        spread = f"{min(values):.2f} to {max(values):.2f}"
        print(f"{title}: {found[title]:.2f} s ({spread})")
    if options.save:
        RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
