"""Run parts of the benchmarks by name, all of them without names, and sum them up.

python benchmarks/run.py windows splits
python benchmarks/run.py --list
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from harness.results import RESULTS, print_table, read_table

HERE = Path(__file__).parent


def parts():
    """Return the script of each part."""
    return {
        path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*"))
    }


def describe(script):
    """Return the first line of a script."""
    return script.read_text(encoding="utf-8").partition("\n")[0].strip('"')


def sum_up():
    """Print the aims of all parts, as they were last measured."""
    tables = [read_table(path)[1] for path in sorted(RESULTS.glob("*.csv"))]
    rows = [row for table in tables for row in table if row.get("aim")]
    if rows:
        reached = sum(row["reached"] == "yes" for row in rows)
        print(f"\nAims reached: {reached} of {len(rows)}, as last measured")
        print_table(rows)


def main():
    known = parts()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(known))
    parser.add_argument("--list", action="store_true", help="list the parts and end")
    options, passed_on = parser.parse_known_args()
    if options.list:
        for name, script in known.items():
            print(f"{name:18} {describe(script)}")
        return
    unknown = sorted(set(options.parts) - set(known))
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; parts are {', '.join(known)}")
    for name in options.parts or known:
        print(f"== {name}: {describe(known[name])}", flush=True)
        start = time.perf_counter()
        subprocess.run([sys.executable, known[name], *passed_on], check=True)
        print(f"   {time.perf_counter() - start:.0f} s\n", flush=True)
    sum_up()


if __name__ == "__main__":
    main()
