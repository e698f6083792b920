"""A process of some Python that answers requests, one line of JSON each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Worker:
    """A process that stays alive and answers what a script's `answer` returns.

    `script` is run with ``--worker`` and calls `answer_requests`; `python` is that of
    this environment or of a peer's. Peers cannot see this package.
    """

    def __init__(self, script, python=sys.executable, **environment):
        folders = [str(ROOT / "benchmarks")]
        if python == sys.executable:
            folders.insert(0, str(ROOT))
        self.script = Path(script).name
        self.process = subprocess.Popen(
            [python, str(script), "--worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(folders),
                "PYTHONWARNINGS": "ignore",
                **environment,
            },
        )

    def ask(self, **request):
        """Return the answer to a request."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        # Libraries print to the standard output: answers begin with a mark.
        for line in self.process.stdout:
            if line.startswith(_MARK):
                return json.loads(line.removeprefix(_MARK))
        raise SystemExit(f"The process of {self.script} has ended; see above.")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


_MARK = "answer: "


def answer_requests(answer):
    """Answer lines from the standard input until it ends."""
    for line in sys.stdin:
        try:
            told = json.dumps(answer(**json.loads(line)))
        except Exception:
            traceback.print_exc()
            sys.exit(1)
        print(f"\n{_MARK}{told}", flush=True)
