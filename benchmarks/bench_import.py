"""Import: how long it takes to import the package and to show help.

Every round starts fresh processes in turns: Python alone, scikit-learn, the package,
its main names, and ``sk-ensemble --help``. Seconds by the clock, files in the cache of
the system. What is shown beside each is the time that it may take.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial

from harness import AtMost, Comparison, run_part, take_turns

COMMANDS = {
    "python": ["-c", "pass"],
    "sklearn": ["-c", "import sklearn"],
    "tools": ["-c", "import sklearn.pipeline, pandas"],
    "package": ["-c", "import sk_ensemble"],
    "names": ["-c", "from sk_ensemble import Panel, PurgedSplit, Windower, create"],
    "help": ["-m", "sk_ensemble", "--help"],
}
IMPORT_LIMIT, HELP_LIMIT = 0.6, 0.5


def seconds(words):
    """Return how long a fresh process takes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def compare(options):
    for words in COMMANDS.values():
        seconds(words)
    measures = {name: partial(seconds, words) for name, words in COMMANDS.items()}
    took = take_turns(measures, options.rounds)
    n_rounds = len(took["python"])

    def after(start, limit):
        return [one + limit for one in took[start]]

    yield Comparison(
        "import sk_ensemble, the start of Python included",
        f"{IMPORT_LIMIT:g} s",
        "s",
        took["package"],
        [IMPORT_LIMIT] * n_rounds,
        AtMost(1),
    )
    for start, other in [("python", "Python"), ("sklearn", "import sklearn")]:
        limit = after(start, HELP_LIMIT)
        other = f"{other} + {HELP_LIMIT:g} s"
        yield Comparison(
            "sk-ensemble --help", other, "s", took["help"], limit, AtMost(1)
        )
    # `import sk_ensemble` loads no part of itself: these names do.
    yield Comparison(
        "import Panel, PurgedSplit, Windower, create",
        "import sklearn.pipeline, pandas",
        "s",
        took["names"],
        took["tools"],
    )


if __name__ == "__main__":
    run_part("import", compare, doc=__doc__)
