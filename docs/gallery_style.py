"""The look of the pictures in the gallery."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt


def use_safe_colours(gallery_conf: dict[str, Any], fname: str) -> None:
    """Draw in colours that most people who confuse some colours tell apart.

    sphinx-gallery calls this before each example, after it has restored the defaults of
    matplotlib. The arguments are those that it hands over.
    """
    plt.style.use("petroff10")
