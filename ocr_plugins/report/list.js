// The list of pages: filter, order, and which page comes next. It is made from the index alone;
// no page's data is parsed for it.

class PageList {
  constructor(pages, engines) {
    this.pages = pages;
    this.engines = engines;
    this.scored = pages.some((page) => page.cer.some((value) => value !== null));
    this.rows = new Map(pages.map((page) => [page, this.row(page)]));
    this.order = pages;
    byId("filter").addEventListener("input", () => this.refresh());
    byId("sort").addEventListener("change", () => this.refresh());
    this.refresh();
  }

  row(page) {
    const link = make(
      "a",
      { href: address(page) },
      make("bdi", { class: "row-id", text: visible(page.id) }),
      make("bdi", { class: "detail", text: place(page) }),
    );
    const chips = make("span", { class: "chips" });
    if (page.error) chips.append(make("span", { class: "chip failed", text: "⚠ not opened" }));
    else {
      const known = page.cer.filter((value) => value !== null);
      const best = known.length > 1 ? Math.min(...known) : null;
      for (const i of page.engines) chips.append(chip(this.engines[i], page, i, best, this.scored));
      if (page.differ !== null) {
        chips.append(
          make("span", { class: "differ", title: "Mean distance between the engines' texts", text: `≠ ${percent(page.differ)}` }),
        );
      }
    }
    link.append(chips);
    return make("li", {}, link);
  }

  refresh() {
    const wanted = byId("filter").value.trim().toLowerCase();
    const matches = (page) => `${page.id}\n${page.source}`.toLowerCase().includes(wanted);
    const rank = { order: null, worst: worst, differ: (page) => page.differ ?? -1 }[byId("sort").value];
    this.order = this.pages.filter(matches);
    if (rank) this.order.sort((a, b) => rank(b) - rank(a));
    byId("list").replaceChildren(...this.order.map((page) => this.rows.get(page)));
    byId("nothing").hidden = this.order.length > 0;
    byId("shown").textContent =
      this.order.length === this.pages.length ? this.pages.length : `${this.order.length} of ${this.pages.length}`;
    this.onchange?.();
  }

  select(page) {
    for (const [other, row] of this.rows) {
      if (other === page) row.firstChild.setAttribute("aria-current", "page");
      else row.firstChild.removeAttribute("aria-current");
    }
    // Only the list scrolls; scrollIntoView would move the whole page too.
    const list = byId("list");
    const row = this.rows.get(page);
    const top = row.offsetTop - list.offsetTop;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + row.offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = top + row.offsetHeight - list.clientHeight;
    }
  }

  // The neighbour in the order shown; from a page that the filter hides, the first one shown.
  step(page, by) {
    const here = this.order.indexOf(page);
    return here < 0 ? this.order[0] : this.order[here + by];
  }
}

function chip(engine, page, i, best, scored) {
  const cer = page.cer[i];
  const error = page.errors[i];
  const title = error ? `${engine.label}: ${error}` : engine.label;
  const classes = ["chip"];
  let value = "";
  if (page.found[i] !== null) value = lines(page.found[i]);
  else if (error) {
    value = "⚠ error";
    classes.push("failed");
  } else if (cer !== null) {
    value = percent(cer);
    classes.push(cer < 0.02 ? "q0" : cer < 0.05 ? "q1" : cer < 0.15 ? "q2" : "q3");
    if (cer === best) classes.push("best");
  } else if (scored) value = "–";
  return make(
    "span",
    { class: classes.join(" "), title: visible(title) },
    make("b", { class: engine.style, text: engine.letter }),
    value ? make("span", { text: value }) : null,
  );
}

// Pages with an error stand before the worst score: they need a look most.
function worst(page) {
  if (page.error) return Infinity;
  if (page.errors.some((error, i) => error && page.found[i] === null)) return 1e9;
  return Math.max(-1, ...page.cer.filter((value) => value !== null));
}

const lines = (count) => `${count} ${count === 1 ? "line" : "lines"}`;

const address = (page) => `#p=${encodeURIComponent(page.key)}`;

function place(page) {
  const source = visible(page.source);
  return page.page === null ? source : `${source}, page ${page.page}`;
}
