"""The page in a real browser, without a window and without a network."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

BROWSER = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])),
    None,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        BROWSER is None, reason="needs Chromium, such as Debian's package chromium"
    ),
]

#: Holds the page in a frame of a given width and looks at it when it is loaded.
HARNESS = """<!DOCTYPE html><body style="margin:0">
<iframe id="frame" style="width:{width}px;height:900px;border:0"
  srcdoc="{page}"></iframe>
<pre id="found"></pre>
<script>
const frame = document.getElementById("frame");
const tell = (found) =>
  (document.getElementById("found").textContent = JSON.stringify(found));
frame.addEventListener("load", () => {{
  const page = frame.contentDocument;
  const view = frame.contentWindow;
  try {{ tell(({probe})(page, view)); }}
  catch (error) {{ tell({{ error: String(error) }}); }}
}});
</script>"""

#: What sticks out of the page, and what is cut off without a way to scroll to it.
CUT = """(page, view) => {
  for (const part of page.querySelectorAll("details")) part.open = true;
  const width = page.documentElement.clientWidth;
  const name = (one) => one.outerHTML.slice(0, 120);
  const inScroll = (one) => one.parentElement.closest(".scroll") !== null;
  const all = [...page.body.querySelectorAll("*")].filter(
    (one) => one.getClientRects().length > 0 && !one.closest("script"));
  const html = all.filter((one) => !one.closest("svg"));
  return {
    width,
    scroll: page.documentElement.scrollWidth,
    out: html.filter((one) => !inScroll(one))
      .filter((one) => one.getBoundingClientRect().right > width + 1).map(name),
    cut: html.filter((one) => one.scrollWidth > one.clientWidth + 1)
      .filter((one) => view.getComputedStyle(one).overflowX !== "visible")
      .filter((one) => !one.classList.contains("scroll")).map(name),
    hidden: html.filter((one) => one.classList.contains("scroll"))
      .filter((one) => one.scrollWidth > one.clientWidth + 1)
      .filter((one) => one.querySelector(".sortable")).map(name),
    text: [...page.querySelectorAll("svg.chart text, .chart svg text")]
      .filter((one) => {
        const svg = one.closest("svg").getBoundingClientRect();
        const box = one.getBoundingClientRect();
        return box.left < svg.left - 2 || box.right > svg.right + 2
          || box.top < svg.top - 2 || box.bottom > svg.bottom + 2;
      }).map((one) => one.textContent),
    small: [...page.querySelectorAll(".chart svg text")]
      .map((one) => one.getBoundingClientRect().height).filter((h) => h > 0 && h < 8)
      .length,
    sections: [...page.querySelectorAll("section")].map((one) => one.id),
    charts: page.querySelectorAll(".chart svg").length,
  };
}"""

SORTED = """(page) => {
  const tables = [...page.querySelectorAll("table.sortable")];
  const wrong = [];
  for (const table of tables) {
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      for (const direction of ["ascending", "descending"]) {
        const before = [...table.tBodies[0].rows].length;
        head.querySelector("button").click();
        const cells = [...table.tBodies[0].rows].map((row) => row.cells[place]);
        const numbers = cells.map((cell) => Number(cell.dataset.sort ?? NaN))
          .filter(Number.isFinite);
        const sign = direction === "ascending" ? 1 : -1;
        const sorted = [...numbers].sort((a, b) => sign * (a - b));
        const same = JSON.stringify(numbers) === JSON.stringify(sorted);
        const marked = head.getAttribute("aria-sort") === direction;
        const whole = cells.length === before;
        if (!same || !marked || !whole) wrong.push(table.outerHTML.slice(0, 200));
      }
    });
  }
  return { n_tables: tables.length, wrong };
}"""

LOOKS = """(page, view) => ({
  ground: view.getComputedStyle(page.body).backgroundColor,
  ink: view.getComputedStyle(page.body).color,
  tick: view.getComputedStyle(page.querySelector(".chart svg text")).fill,
})"""


POINTED = """(page, view) => {
  const lines = [...page.querySelectorAll(".line")];
  const named = (line) => [...line.classList].find((one) => /^m[0-9]+$/.test(one));
  const first = lines.find(
    (line) => lines.filter((other) => named(other) === named(line)).length > 3);
  const chosen = () => page.querySelectorAll(".line.chosen").length;
  first.dispatchEvent(new view.Event("pointerenter"));
  const found = {
    alike: lines.filter((line) => named(line) === named(first)).length,
    chosen: chosen(),
    all: lines.length,
    faded: page.body.classList.contains("faded"),
  };
  first.dispatchEvent(new view.Event("pointerleave"));
  return { ...found, left: chosen(), still: page.body.classList.contains("faded") };
}"""


def look(
    folder: Path, page: str, probe: str, width: int = 1280, *options: str
) -> tuple[dict[str, Any], str]:
    """Return what a probe finds on a page, and what the browser's console says."""
    harness = folder / "harness.html"
    text = HARNESS.format(width=width, page=html.escape(page), probe=probe)
    harness.write_text(text, encoding="utf-8")
    command = [
        str(BROWSER),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1400,1000",
        "--virtual-time-budget=20000",
        "--dump-dom",
        *options,
        harness.as_uri(),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=True
    )
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-500:]
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return json.loads(html.unescape(found[1])), console


@pytest.fixture(scope="module", params=["bars", "files"])
def shown(request, report, files_report) -> str:
    return {"bars": report, "files": files_report}[request.param].to_html()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_cut_off(tmp_path, shown, width):
    found, console = look(tmp_path, shown, CUT, width)
    assert console == ""
    assert found.get("error") is None
    assert found["width"] == width
    assert found["scroll"] <= width
    assert found["out"] == []
    assert found["cut"] == []
    assert found["hidden"] == []
    assert found["text"] == []
    assert found["small"] == 0
    assert found["sections"][0] == "summary"
    assert found["charts"] > 5


def test_what_is_cut_off_is_found(tmp_path, page):
    wide = '<section id="wide"><p style="width:2000px">x</p></section></main>'
    broken = page.replace("</main>", wide, 1)
    found, _ = look(tmp_path, broken, CUT, 390)
    assert len(found["out"]) == 1
    assert found["scroll"] > 390


def test_tables_sort_by_every_column_both_ways(tmp_path, shown):
    found, console = look(tmp_path, shown, SORTED)
    assert console == ""
    assert found["n_tables"] > 5
    assert found["wrong"] == []


def test_a_line_that_is_pointed_at_stands_out_in_every_figure(tmp_path, page):
    found, console = look(tmp_path, page, POINTED)
    assert console == ""
    assert 3 < found["alike"] == found["chosen"] < found["all"]
    assert found["faded"]
    assert (found["left"], found["still"]) == (0, False)


def test_hostile_names_run_nothing(tmp_path, files_report):
    probe = (
        "(page, view) => ({ scripts: page.scripts.length, alert: String(view.alert) })"
    )
    found, console = look(tmp_path, files_report.to_html(), probe)
    assert found["scripts"] == 1
    assert "native code" in found["alert"]
    assert console == ""


def test_errors_in_the_console_are_seen(tmp_path, page):
    broken = page.replace('"use strict";', '"use strict"; nothing();', 1)
    _, console = look(tmp_path, broken, SORTED)
    assert "nothing is not defined" in console


def test_dark_and_light_follow_the_reader(tmp_path, page):
    light, _ = look(tmp_path, page, LOOKS)
    dark, _ = look(
        tmp_path, page, LOOKS, 1280, "--blink-settings=preferredColorScheme=0"
    )
    for looks in (light, dark):
        assert looks["tick"] == looks["ink"]
        assert looks["ink"] != looks["ground"]
    assert light["ground"] != dark["ground"]


def test_it_prints(tmp_path, page):
    source, target = tmp_path / "page.html", tmp_path / "page.pdf"
    source.write_text(page, encoding="utf-8")
    command = [
        str(BROWSER),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--print-to-pdf={target}",
        source.as_uri(),
    ]
    subprocess.run(command, capture_output=True, timeout=300, check=True)
    assert target.read_bytes().startswith(b"%PDF")
