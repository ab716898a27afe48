// The leaderboard stands in the HTML; this makes its columns sort.

function sortableTable(table) {
  const body = table.tBodies[0];
  const headers = [...table.tHead.rows[0].cells];

  const valueOf = (row, key) => {
    const cell = row.querySelector(`[data-key="${key}"]`);
    if (!cell || cell.dataset.value === undefined) return null;
    return key === "name" ? cell.dataset.value.toLowerCase() : Number(cell.dataset.value);
  };

  function sort(header, direction) {
    const key = header.querySelector("button").dataset.key;
    const sign = direction === "ascending" ? 1 : -1;
    const rows = [...body.rows].sort((a, b) => {
      // Engines that did not run, and values that are not known, stay last either way.
      const x = valueOf(a, key);
      const y = valueOf(b, key);
      const last = (a.hasAttribute("data-last") - b.hasAttribute("data-last")) || ((x === null) - (y === null));
      if (last || x === null) return last;
      return sign * (x < y ? -1 : x > y ? 1 : 0);
    });
    body.append(...rows);
    for (const other of headers) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
  }

  for (const header of headers) {
    const button = header.querySelector("button");
    button?.addEventListener("click", () => {
      const now = header.getAttribute("aria-sort");
      const other = now === "ascending" ? "descending" : "ascending";
      sort(header, now ? other : button.dataset.first);
    });
  }
}
