"""Environments of the libraries that this package is compared with."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import venv
from pathlib import Path

PEERS = Path(__file__).parents[1] / "peers"
FOLDER = "SK_ENSEMBLE_BENCH"


def install_peers(name):
    """Return the Python of ``peers/<name>.txt``, installed where it disturbs nobody.

    The file lists requirements with their versions. The environment lies in the folder
    that the variable SK_ENSEMBLE_BENCH names, else in the temporary one, and is made
    again when the file changes.
    """
    wanted = PEERS / f"{name}.txt"
    root = Path(os.environ.get(FOLDER, tempfile.gettempdir()))
    folder = root / "sk_ensemble_bench" / name
    python, done = folder / "bin" / "python", folder / "installed.txt"
    if not done.exists() or done.read_text() != wanted.read_text():
        print(f"Installing {wanted.name} in {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "--quiet", "-r", wanted]
        subprocess.run(install, check=True)
        done.write_text(wanted.read_text())
    return str(python)


def peer_versions(python, names):
    """Return the versions of libraries in another environment."""
    code = (
        "import importlib.metadata as m, json, sys; "
        "print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    )
    done = subprocess.run(
        [python, "-c", code, *names], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)
