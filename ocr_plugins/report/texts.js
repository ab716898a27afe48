// The texts side by side, with what differs marked.

class Texts {
  constructor(engines) {
    this.engines = engines;
    this.folded = new Set(); // columns that are folded away: kept from page to page
    byId("mark").addEventListener("change", () => this.show(this.page));
  }

  show(page) {
    this.page = page;
    const columns = [];
    const references = new Set(page.readings.filter((reading) => reading.diff.length).map((reading) => reading.against));
    // One reference for all is said once, above the columns.
    this.common = references.size === 1;
    byId("against").textContent = this.common ? against([...references][0]) : "";
    if (page.truth !== null) {
      columns.push(this.column("truth", truthSign(), "Ground truth", "", plain(page.truth)));
    }
    for (const reading of page.readings) columns.push(this.engineColumn(reading));
    const marked = page.readings.some((reading) => reading.diff.length);
    byId("mark-label").hidden = byId("legend").hidden = !marked;
    byId("texts").hidden = !columns.length;
    byId("columns").replaceChildren(...columns);
  }

  engineColumn(reading) {
    const engine = this.engines[reading.engine];
    const notes = [];
    if (reading.cer !== null) notes.push(`CER ${percent(reading.cer, 2)}`);
    if (reading.wer !== null) notes.push(`WER ${percent(reading.wer, 2)}`);
    if (reading.seconds !== null) notes.push(`${reading.seconds.toFixed(2)} s`);
    let body;
    if (reading.found !== null) {
      body = make("p", { class: "none" }, `Found ${lines(reading.found)}, read none: `, make("bdi", { text: visible(reading.error) }));
    } else if (reading.error) {
      body = make("p", { class: "problem" }, make("strong", { text: "Not read. " }), make("bdi", { text: visible(reading.error) }));
    } else if (reading.text === undefined) body = make("p", { class: "none", text: "This engine was not run on this page." });
    else if (reading.diff.length && byId("mark").checked) {
      if (!this.common) notes.push(against(reading.against));
      body = marked(reading.diff);
    } else if (!reading.text.trim()) body = make("p", { class: "none", text: "No text found." });
    else body = plain(reading.text);
    return this.column(String(reading.engine), badge(engine), engine.label, notes.join(" · "), body);
  }

  column(key, sign, title, notes, body) {
    const id = `text-${key}`;
    const button = make("button", { type: "button", class: "fold", "aria-controls": id });
    const column = make(
      "article",
      { class: "card column" },
      make("header", {}, sign,
        make("div", { class: "column-name" }, make("h4", {}, make("bdi", { text: visible(title) })), make("p", { class: "detail", text: visible(notes) })),
        button),
      make("div", { id, class: "column-body" }, body),
    );
    const fold = (folded) => {
      column.classList.toggle("folded", folded);
      button.setAttribute("aria-expanded", String(!folded));
      button.setAttribute("aria-label", `${folded ? "Unfold" : "Fold"} ${visible(title)}`);
      button.textContent = folded ? "+" : "−";
      if (folded) this.folded.add(key);
      else this.folded.delete(key);
    };
    button.addEventListener("click", () => fold(!this.folded.has(key)));
    fold(this.folded.has(key));
    return column;
  }
}

function against(reference) {
  if (!reference) return "";
  return reference === "truth" ? "from ground truth" : visible(`from ${reference}`);
}

function truthSign() {
  return make("span", { class: "badge truth", "aria-hidden": "true" }, make("b", { text: "✓" }));
}

// A block a line, so that a line that is wrapped looks other than two lines do. The line ends
// stay in the text: copying gives what the engine gave.
class Lines {
  constructor() {
    this.root = make("div", { class: "text" });
    this.start();
  }

  start() {
    this.line = make("div", { class: "line", dir: "auto" });
    this.root.append(this.line);
  }

  // Each piece between line ends goes through wrap, which gives what to put into the line.
  add(text, wrap = (piece) => piece) {
    text.split("\n").forEach((piece, i) => {
      if (i > 0) {
        this.line.append("\n");
        this.start();
      }
      if (piece) this.line.append(wrap(piece));
    });
  }
}

function plain(text) {
  const lines = new Lines();
  lines.add(visible(text));
  return lines.root;
}

// The text as the engine read it, with what it should have read struck through before it.
function marked(segments) {
  const lines = new Lines();
  for (const [op, reference, read] of segments) {
    if (op === "=") lines.add(visible(reference));
    else if (op === "-") lines.line.append(make("del", { class: "gone", text: changed(reference) }));
    else if (op === "+") addRead(lines, read, "extra");
    else {
      lines.line.append(make("del", { class: "instead", text: changed(reference) }));
      addRead(lines, read, "wrong");
    }
  }
  return lines.root;
}

// Lines break only where the engine's own text does, after the sign of the line end.
function addRead(lines, text, mark) {
  lines.add(changed(text).replaceAll("↵", "↵\n"), (piece) => make("ins", { class: mark, text: piece }));
}

// Line ends, and spaces at either end, get a sign: a mark on what cannot be seen would be a
// mark on nothing.
function changed(text) {
  return visible(text).replace(/^ +| +$/g, (spaces) => "·".repeat(spaces.length)).replaceAll("\n", "↵");
}
