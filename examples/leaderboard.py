"""Which models are better than chance, and how sure is that?

Runs ``config/experiments/leaderboard.yaml``, a few minutes on two cores, and draws its
test period: one row per model, every figure with its 95 % interval. This makes the
picture in the README.

    python examples/leaderboard.py                      # run and draw
    python examples/leaderboard.py --result DIRECTORY   # draw what has run
    python examples/leaderboard.py --from-csv           # draw the figures again
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from sk_ensemble.experiments import load_experiment, run_experiment
from sk_ensemble.report import Report

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENT = ROOT / "examples" / "config" / "experiments" / "leaderboard.yaml"
FOLDER = ROOT / "docs" / "pictures"
HORIZON = 20
BASELINES = ("prior", "clock", "volatility")

#: Ink, what stands back, and ground, on a light and on a dark page.
THEMES = {
    "leaderboard.png": ("#1f2328", "#8c959f", "#ffffff"),
    "leaderboard-dark.png": ("#e6edf3", "#7d8590", "#0d1117"),
}
BLUE = "#2f7fd1"

#: Column of the figures, what it is, and where there is no skill.
PANELS = (
    ("gain", "log loss gained on class shares\n(1e-3 nats per bar)", 0.0, 1000.0),
    ("direction_auc", "direction AUC\n(0.5 is a coin)", 0.5, 1.0),
    ("sharpe", "Sharpe ratio\nafter costs", 0.0, 1.0),
)


def read_figures(report: Report) -> pd.DataFrame:
    """Return what is drawn: a row per model, the best log loss first."""
    blocks = (block for section in report.sections for block in section.walk())
    frames = {block.key: block.frame for block in blocks if hasattr(block, "frame")}
    board = frames[f"leaderboard_h{HORIZON}"]
    gains = frames[f"differences_h{HORIZON}"].query("against == 'prior'")
    figures = board.merge(gains, on="model", how="left")
    names = [f"{name}{end}" for name, *_ in PANELS for end in ("", "_low", "_high")]
    return figures[["model", *names]].round(6)


def draw(figures: pd.DataFrame, ink: str, faint: str, ground: str) -> Figure:
    """Draw a point and an interval for each model and figure."""
    picture = Figure(
        figsize=(9.2, 0.9 + 0.27 * len(figures)), layout="constrained", facecolor=ground
    )
    axes = picture.subplots(1, len(PANELS), sharey=True)
    for axis, (name, title, null, scale) in zip(axes, PANELS, strict=True):
        axis.axvline(null, color=faint, linewidth=1)
        for place, row in figures.iterrows():
            draw_interval(axis, place, row, name, scale, faint)
        style(axis, title, ink, faint)
    axes[0].set_yticks(range(len(figures)), figures["model"], fontsize=9.5)
    axes[0].set_ylim(len(figures) - 0.4, -0.6)
    return picture


def draw_interval(
    axis: Any, place: int, row: pd.Series, name: str, scale: float, faint: str
) -> None:
    colour = faint if row["model"] in BASELINES else BLUE
    low, middle, high = (row[f"{name}{end}"] * scale for end in ("_low", "", "_high"))
    axis.plot((low, high), (place, place), color=colour, linewidth=2.4)
    axis.plot(middle, place, "o", color=colour, markersize=5.5)


def style(axis: Any, title: str, ink: str, faint: str) -> None:
    axis.set_facecolor("none")
    axis.set_title(title, fontsize=10, color=ink, loc="left")
    axis.tick_params(colors=ink, labelsize=9, length=0)
    axis.grid(True, axis="x", color=faint, alpha=0.25, linewidth=0.7)
    for side in axis.spines.values():
        side.set_visible(False)


def save_pictures(table: Path) -> None:
    """Draw the figures in a CSV file for light and for dark pages, beside it."""
    figures = pd.read_csv(table)
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    for name, colours in THEMES.items():
        draw(figures, *colours).savefig(
            table.parent / name,
            dpi=130,
            # Says of which figures it is the picture.
            metadata={"Source": digest, "Software": None},
        )


def main(arguments: Sequence[str] | None = None) -> int:
    summary, _, usage = __doc__.partition("\n")
    parser = argparse.ArgumentParser(
        description=summary,
        epilog=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--result", type=Path, help="directory of an experiment")
    parser.add_argument("--from-csv", action="store_true", help="only draw again")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write")
    options = parser.parse_args(arguments)
    table = options.folder / "leaderboard.csv"
    if not options.from_csv:
        path = options.result or run_experiment(load_experiment(EXPERIMENT)).path
        figures = read_figures(Report.from_result(path))
        figures.to_csv(table, index=False, lineterminator="\n")
    save_pictures(table)
    print(f"Wrote {table}, {' and '.join(THEMES)}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
