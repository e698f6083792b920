"""What colours mean, in one line above a figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sk_ensemble.utils.optional import import_optional

__all__ = ["name_colours"]


def name_colours(figure: Any, colours: Mapping[str, Any]) -> None:
    """Say above a figure what its colours mean.

    Parameters
    ----------
    figure : matplotlib Figure
        Its layout must be constrained, as the line stands outside of all axes.
    colours : mapping of str to colour
        Colours by what they mean, in order; none give no line.
    """
    patch = import_optional("matplotlib.patches", extra="experiments").Patch
    handles = [patch(color=colour, label=name) for name, colour in colours.items()]
    if handles:
        figure.legend(
            handles=handles,
            loc="outside upper right",
            ncols=len(handles),
            frameon=False,
            handlelength=1,
            fontsize=9,
        )
