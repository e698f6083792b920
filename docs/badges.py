"""Write the badges of the README from what the package says of itself.

They are files of the repository, so that no service stands between a badge and the
truth, and a test compares them with what this makes.

    python docs/badges.py
"""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures" / "badges"

#: Width of a letter of the font and size below, about, and room beside the text.
_LETTER, _ROOM = 6.6, 12

_BADGE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" \
aria-label="{name}: {value}">
<title>{name}: {value}</title>
<rect width="{width}" height="20" rx="3" fill="#2f6fb0"/>
<path d="M3 0h{left}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#4b5563"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" \
text-anchor="middle">
<text x="{name_at}" y="14">{name}</text>
<text x="{value_at}" y="14">{value}</text>
</g>
</svg>
"""


def facts() -> dict[str, tuple[str, str]]:
    """Return name and value of each badge, by the name of its file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (sklearn,) = (d for d in project["dependencies"] if d.startswith("scikit-learn"))
    known = {
        "python": ("Python", project["requires-python"]),
        "sklearn": ("scikit-learn", sklearn.removeprefix("scikit-learn")),
        "licence": ("licence", project["license"]),
    }
    if (ROOT / "sk_ensemble" / "py.typed").exists():
        known["types"] = ("types", "shipped")
    return known


def badge(name: str, value: str) -> str:
    """Return a badge as SVG."""
    left, right = (round(len(text) * _LETTER + _ROOM) for text in (name, value))
    return _BADGE.format(
        name=escape(name),
        value=escape(value),
        width=left + right,
        left=left - 3,
        name_at=left / 2,
        value_at=left + right / 2,
    )


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file, (name, value) in facts().items():
        (FOLDER / f"{file}.svg").write_text(badge(name, value), encoding="utf-8")


if __name__ == "__main__":
    main()
