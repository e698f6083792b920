"""Run the code of the README and of the pages of the guide, in the order of reading.

Each page is run in a process and a directory of its own: its examples with their
results, then its figures. Nothing but the standard library and the package is needed.

    python .ci/read_guide.py                  # everything
    python .ci/read_guide.py start windows    # some pages
"""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "guide"
README = ROOT / "README.md"

#: As in the settings of pytest.
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

_FIGURE = re.compile(r"^\.\. plot::\n((?:[ \t]+.*\n|\n)+)", re.MULTILINE)
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def pages() -> list[Path]:
    """Return the pages of the guide in the order of its table of contents."""
    text = (GUIDE / "index.rst").read_text(encoding="utf-8")
    toctree = text.partition(".. toctree::")[2]
    names = re.findall(r"^   (\w+)$", toctree, flags=re.MULTILINE)
    return [GUIDE / f"{name}.rst" for name in names]


def figures(text: str) -> list[str]:
    """Return the code of the figures of a page."""
    # Options of the figure stand before the first empty line.
    bodies = (found.partition("\n\n")[2] for found in _FIGURE.findall(text))
    return [textwrap.dedent(body) for body in bodies]


def run(page: Path) -> int:
    """Run the code of a page, and return the number of its examples that failed."""
    text = page.read_text(encoding="utf-8")
    blocks, failed = _BLOCK.findall(text), 0
    if page.suffix == ".rst":
        blocks = figures(text)
        failed, _ = doctest.testfile(
            str(page), module_relative=False, optionflags=FLAGS
        )
    for block in blocks:
        exec(compile(block, str(page), "exec"), {"__name__": page.stem})
    return failed


def read(page: Path) -> bool:
    """Run a page in a process of its own, and tell whether all went well."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--page", str(page)]
        done = subprocess.run(command, cwd=folder, check=False)
    outcome = "ok" if done.returncode == 0 else "FAILED"
    seconds = time.perf_counter() - start
    sys.stdout.write(f"{outcome:8}{seconds:6.1f} s  {page.stem}\n")
    sys.stdout.flush()
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    """Run the pages that are asked for, or all; one that fails ends none."""
    if arguments[:1] == ["--page"]:
        return int(run(Path(arguments[1])) > 0)
    chosen = [GUIDE / f"{name}.rst" for name in arguments] or [README, *pages()]
    failed = [page for page in chosen if not read(page)]
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
