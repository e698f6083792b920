"""Load every saved model below a folder, each in a process of its own.

Run as a script it prints, as JSON, what became of each: "loaded", "refused", "error"
for any other exception, "signal ..." if the process was killed, "too slow" or "too
large". The processes are forked once all libraries are imported, and may take two
seconds of computing and one more gigabyte each.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

_SECONDS = 2
#: Until a process that only waits is given up.
_PATIENCE = 30.0
_BYTES = 2**30
_LOADED, _REFUSED, _TOO_LARGE, _ERROR = 0, 10, 11, 12


def outcomes(folder: Path, *, unchecked: bool = False) -> dict[str, str]:
    """Load the models below a folder in a fresh interpreter and its children.

    With `unchecked` the structure of boosters is not looked at, which shows what the
    libraries would do.
    """
    result = subprocess.run(
        [sys.executable, __file__, str(folder), *["unchecked"] * unchecked],
        capture_output=True,
        # Libraries quote what they cannot read.
        encoding="utf-8",
        errors="replace",
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return json.loads(result.stdout.splitlines()[-1])


def _limit() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + _BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + _SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def _load(path: Path) -> int:
    """Load and use one model; return how it went."""
    import numpy as np

    from sk_ensemble.exceptions import PersistenceError
    from sk_ensemble.persistence import load_model

    _limit()
    try:
        model = load_model(path)
    except PersistenceError:
        return _REFUSED
    except MemoryError:
        return _TOO_LARGE
    try:
        # What can be loaded can be used, or says why not.
        model.predict_proba(np.load(path.parent / "X.npy"))
    except Exception as error:
        sys.stderr.write(f"{path.name}: predict: {error!r:.300}\n")
    return _LOADED


def _child(path: Path) -> None:
    try:
        code = _load(path)
    except BaseException as error:
        sys.stderr.write(f"{path.name}: {error!r:.500}\n")
        code = _ERROR
    sys.stderr.flush()
    os._exit(code)


def _wait(pid: int) -> str:
    """Wait for a child, but not for long, and say how it ended."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return _words(status)
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "too slow"


def _words(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "too slow"
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    known = {_LOADED: "loaded", _REFUSED: "refused", _TOO_LARGE: "too large"}
    return known.get(os.WEXITSTATUS(status), "error")


def _leave_boosters_unchecked() -> None:
    from sk_ensemble.boosting import _lightgbm, _xgboost

    for module, name in ((_lightgbm, "check_lightgbm"), (_xgboost, "check_xgboost")):
        setattr(module, name, lambda *args: None)


def _main(folder: Path, *options: str) -> None:
    # Imported once, before the forks, as this takes longer than all of them.
    import catboost  # noqa: F401
    import lightgbm  # noqa: F401
    import torch
    import xgboost  # noqa: F401

    import sk_ensemble.boosting
    import sk_ensemble.neural_network
    import sk_ensemble.persistence  # noqa: F401

    torch.set_num_threads(1)
    # Making the first one imports a large part of torch.
    torch.nn.LSTM(1, 1)
    if options:
        _leave_boosters_unchecked()
    found = {}
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        pid = os.fork()
        if pid == 0:
            _child(path)
        found[path.name] = _wait(pid)
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    _main(Path(sys.argv[1]), *sys.argv[2:])
