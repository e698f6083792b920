"use strict";
(() => {
  const collator = new Intl.Collator("en", { numeric: true });

  // Numbers before words; what has no number comes last, whichever way is sorted.
  const keyOf = (cell) => {
    const sort = cell.dataset.sort;
    return sort === undefined ? { text: cell.textContent } : { number: Number(sort) };
  };
  const compare = (a, b, sign) => {
    const [isA, isB] = [a, b].map((key) => Number.isFinite(key.number));
    if (isA && isB) return sign * (a.number - b.number);
    if (isA !== isB) return isA ? -1 : 1;
    return sign * collator.compare(a.text ?? "", b.text ?? "");
  };

  const sortBy = (table, place) => {
    const heads = table.tHead.rows[0].cells;
    const isUp = heads[place].getAttribute("aria-sort") !== "ascending";
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[place].setAttribute("aria-sort", isUp ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [keyOf(row.cells[place]), row]);
    rows.sort(([a], [b]) => compare(a, b, isUp ? 1 : -1));
    body.append(...rows.map(([, row]) => row));
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      head.querySelector("button").addEventListener("click", () => sortBy(table, place));
    });
  }

  // On paper nothing can be unfolded any more.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of folded) part.open = false;
  });

  // A line under the pointer stands out in every figure.
  const lines = [...document.querySelectorAll(".line")];
  const name = (line) => [...line.classList].find((one) => /^m\d+$/.test(one));
  for (const line of lines) {
    line.addEventListener("pointerenter", () => {
      const chosen = name(line);
      for (const other of lines) other.classList.toggle("chosen", name(other) === chosen);
      document.body.classList.add("faded");
    });
    line.addEventListener("pointerleave", () => {
      for (const other of lines) other.classList.remove("chosen");
      document.body.classList.remove("faded");
    });
  }
})();
