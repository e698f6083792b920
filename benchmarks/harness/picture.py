"""A picture of comparisons: each ratio with its extremes, beside its aim."""

from __future__ import annotations

from harness.results import told


def draw_ratios(path, rows, title):
    """Draw one line per comparison; what reaches its aim lies in the shaded part."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullFormatter

    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.42 * len(rows)), layout="tight")
    low, high = _limits(rows)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    for height, row in enumerate(reversed(rows)):
        _draw_one(axes, height, row)
    labels = [f"{row['case']} / {row['other']}" for row in reversed(rows)]
    axes.set_yticks(range(len(rows)), labels, fontsize=8)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}" if high < 20 * low else NullFormatter())
    axes.tick_params(axis="x", which="both", labelsize=8)
    axes.axvline(1, color="0.6", linewidth=0.8)
    axes.set_xlabel("ratio (median of the rounds, with the extremes); shaded: the aim")
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(axis="x", color="0.93")
    axes.set_axisbelow(True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _limits(rows):
    """Return the ends of the axis, so that every figure, aim and 1 lie within."""
    found = [float(row[name]) for row in rows for name in ("least", "most")]
    found += [float(row["aim"].split()[1]) for row in rows if row["aim"]]
    found = [1.0, *(figure for figure in found if figure > 0)]
    return min(found) * 0.8, max(found) * 1.25


def _draw_one(axes, height, row):
    ratio, least, most = (float(row[name]) for name in ("ratio", "least", "most"))
    colour = {"yes": "#2a7f62", "no": "#c0392b"}.get(row["reached"], "#3b5b92")
    axes.plot([least, most], [height, height], color=colour, linewidth=1.5)
    axes.plot([ratio], [height], "o", color=colour, markersize=5)
    axes.annotate(
        told(ratio), (ratio, height), (0, 5), textcoords="offset points", fontsize=7,
        color=colour, ha="center",
    )  # fmt: skip
    if row["aim"]:
        sign, bound = row["aim"].split()
        far = axes.get_xlim()[sign == ">="]
        axes.fill_betweenx(
            [height - 0.35, height + 0.35],
            float(bound),
            far,
            color=colour,
            alpha=0.12,
            lw=0,
        )
