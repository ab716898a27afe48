// The page's image with a layer of boxes an engine, its zoom, and the word under the pointer.

const PADDING_OF_CROP = 0.6; // of the word's height, on each side
const LARGEST_FIT = 2; // a small crop is not blown up to the width of the window
const ZOOM_STEP = 1.25;

class Stage {
  constructor(engines) {
    this.engines = engines;
    this.hidden = new Set(); // engines whose boxes are off: kept from page to page
    this.zoom = "width"; // or "page", or a number of screen pixels for one of the image
    this.layers = new Map();
    this.stage = byId("stage");
    this.sheet = byId("sheet");
    this.connect();
  }

  connect() {
    for (const [id, zoom] of [["fit-width", "width"], ["fit-page", "page"], ["full-size", 1]]) {
      byId(id).addEventListener("click", () => this.setZoom(zoom));
    }
    byId("zoom-in").addEventListener("click", () => this.zoomBy(ZOOM_STEP));
    byId("zoom-out").addEventListener("click", () => this.zoomBy(1 / ZOOM_STEP));
    byId("only").addEventListener("change", () => this.draw());
    byId("word-previous").addEventListener("click", () => this.stepWord(-1));
    byId("word-next").addEventListener("click", () => this.stepWord(1));
    this.stage.addEventListener("pointermove", (event) => this.point(event));
    this.stage.addEventListener("pointerdown", (event) => this.grab(event));
    this.stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP, event);
    }, { passive: false });
    new ResizeObserver(() => this.layout()).observe(this.stage);
  }

  show(page) {
    this.page = page;
    this.word = null;
    byId("look").hidden = !page.size;
    this.layers = new Map();
    if (!page.size) return;
    const [width, height] = page.size;
    for (const reading of page.readings) {
      if (!reading.words) continue;
      this.layers.set(reading.engine, new WordLayer(reading.engine, reading.words, height, reading.found === null));
    }
    markDifferences(this.layers);
    this.image = page.image ? make("img", { src: page.image, alt: `Image of page ${visible(page.id)}`, draggable: "false" }) : null;
    this.svg = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    this.sheet.replaceChildren(...(this.image ? [this.image] : []), this.svg);
    this.sheet.classList.toggle("blank", !this.image);
    this.showLayers();
    this.draw();
    this.setZoom(this.zoom);
    this.stage.scrollTo(0, 0);
    this.showWord(null);
  }

  // ---- layers

  showLayers() {
    const rows = this.page.readings.map((reading) => {
      const engine = this.engines[reading.engine];
      const layer = this.layers.get(reading.engine);
      const box = make("input", { type: "checkbox", "data-engine": reading.engine, disabled: !layer });
      box.checked = Boolean(layer) && !this.hidden.has(reading.engine);
      box.addEventListener("change", () => this.toggle(reading.engine, box.checked));
      const count = layer ? `${layer.words.length} ${layer.words.length === 1 ? "box" : "boxes"}` : "no boxes";
      return make("label", { class: "layer" }, box, badge(engine),
        make("bdi", { class: "label", text: visible(engine.label) }), make("span", { class: "count", text: count }));
    });
    byId("layers").replaceChildren(...rows);
    const places = this.words(true).length;
    byId("places").textContent = this.comparable ? places : "";
    byId("only").disabled = !this.comparable;
  }

  toggle(engine, on) {
    if (!this.layers.has(engine)) return;
    const visibleNow = on ?? this.hidden.has(engine);
    if (visibleNow) this.hidden.delete(engine);
    else this.hidden.add(engine);
    byId("layers").querySelector(`[data-engine="${engine}"]`).checked = visibleNow;
    this.draw();
  }

  get comparable() {
    return [...this.layers.values()].filter((layer) => layer.reads).length > 1;
  }

  get onlyDiffering() {
    return byId("only").checked && this.comparable;
  }

  draw() {
    const paths = [];
    for (const [engine, layer] of this.layers) {
      const words = this.onlyDiffering ? layer.words.filter((word) => word.differs) : layer.words;
      const path = makeSvg("path", {
        class: `boxes ${this.engines[engine].style}`, "data-engine": engine, d: words.map((word) => word.path).join(""),
      });
      path.toggleAttribute("hidden", this.hidden.has(engine));
      paths.push(path);
    }
    this.hot = makeSvg("path", { class: "hot", d: this.word?.path ?? "" });
    this.svg.replaceChildren(...paths, this.hot);
  }

  // ---- zoom

  setZoom(zoom) {
    this.zoom = zoom;
    for (const [id, value] of [["fit-width", "width"], ["fit-page", "page"], ["full-size", 1]]) {
      byId(id).setAttribute("aria-pressed", String(zoom === value));
    }
    this.layout();
  }

  scale() {
    const [width, height] = this.page.size;
    const across = this.stage.clientWidth / width;
    if (this.zoom === "width") return Math.min(across, LARGEST_FIT);
    if (this.zoom === "page") return Math.min(across, this.room() / height, LARGEST_FIT);
    return this.zoom;
  }

  // How high the stage may become: style sheet and window decide.
  room() {
    const limit = parseFloat(getComputedStyle(this.stage).maxHeight);
    return Number.isFinite(limit) ? limit : window.innerHeight;
  }

  layout() {
    if (!this.page?.size || !this.stage.clientWidth) return;
    const scale = this.scale();
    this.sheet.style.width = `${Math.floor(this.page.size[0] * scale * 100) / 100}px`;
    this.sheet.style.aspectRatio = `${this.page.size[0]} / ${this.page.size[1]}`;
    this.sheet.classList.toggle("far", scale < 0.7);
    byId("zoom").textContent = percent(scale, 0);
  }

  // Around the pointer, or the middle of what is seen.
  zoomBy(factor, event) {
    if (!this.page?.size) return;
    const before = this.scale();
    const after = Math.min(8, Math.max(0.02, before * factor));
    const frame = this.stage.getBoundingClientRect();
    const x = event ? event.clientX - frame.left : this.stage.clientWidth / 2;
    const y = event ? event.clientY - frame.top : this.stage.clientHeight / 2;
    const left = (this.stage.scrollLeft + x) * (after / before) - x;
    const top = (this.stage.scrollTop + y) * (after / before) - y;
    this.setZoom(after);
    this.stage.scrollTo(left, top);
  }

  // Dragging with the mouse moves the page; fingers scroll by themselves.
  grab(event) {
    this.point(event);
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target === this.stage) return;
    const start = { x: event.clientX + this.stage.scrollLeft, y: event.clientY + this.stage.scrollTop };
    const move = (now) => this.stage.scrollTo(start.x - now.clientX, start.y - now.clientY);
    const end = () => {
      this.stage.classList.remove("dragging");
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
    this.stage.classList.add("dragging");
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  }

  // ---- the word under the pointer

  point(event) {
    if (!this.page?.size || event.buttons > 1) return;
    const sheet = this.sheet.getBoundingClientRect();
    const scale = this.page.size[0] / sheet.width;
    const x = (event.clientX - sheet.left) * scale;
    const y = (event.clientY - sheet.top) * scale;
    const found = [...this.layers]
      .filter(([engine]) => !this.hidden.has(engine))
      .flatMap(([, layer]) => layer.at(x, y))
      .filter((word) => !this.onlyDiffering || word.differs);
    // The smallest box is the most exact one. Off all boxes the last word stays, to be read.
    const word = found.reduce((best, other) => (best && best.area <= other.area ? best : other), null);
    if (word && word !== this.word) this.showWord(word);
  }

  // The places to step through: every word of the first engine shown, and where only differing
  // ones are wanted those of the others that meet none of these.
  words(differing = this.onlyDiffering) {
    const places = [];
    for (const [engine, layer] of this.layers) {
      if (!differing && this.hidden.has(engine)) continue;
      const before = [...this.layers].filter(([other]) => other < engine && (differing || !this.hidden.has(other)));
      for (const word of layer.words) {
        if (differing && !word.differs) continue;
        const known = before.some(([, other]) => other.meeting(word).some((match) => !differing || match.differs));
        if (!known) places.push(word);
      }
    }
    return places;
  }

  stepWord(by) {
    if (!this.page?.size) return;
    const places = this.words();
    if (!places.length) return;
    let here = places.indexOf(this.word);
    if (here < 0 && this.word) here = places.findIndex((word) => word.meets(this.word));
    const next = here < 0 ? (by > 0 ? 0 : places.length - 1) : (here + by + places.length) % places.length;
    this.showWord(places[next]);
    this.reveal(places[next]);
  }

  reveal(word) {
    const scale = this.scale();
    const { clientWidth, clientHeight, scrollLeft, scrollTop } = this.stage;
    const seen = word.x0 * scale >= scrollLeft && word.x1 * scale <= scrollLeft + clientWidth
      && word.y0 * scale >= scrollTop && word.y1 * scale <= scrollTop + clientHeight;
    if (seen) return;
    this.stage.scrollTo(
      ((word.x0 + word.x1) / 2) * scale - clientWidth / 2, ((word.y0 + word.y1) / 2) * scale - clientHeight / 2,
    );
  }

  showWord(word) {
    this.word = word;
    this.hot.setAttribute("d", word?.path ?? "");
    const panel = byId("word");
    if (!word) {
      const some = [...this.layers.values()].some((layer) => layer.words.length);
      const hint = some ? "Point at a box to see what each engine read there." : "No engine gave boxes for this page.";
      panel.replaceChildren(make("p", { class: "none", text: hint }));
      return;
    }
    const rows = [...this.layers].map(([engine, layer]) => this.wordRow(word, engine, layer));
    panel.replaceChildren(...[this.crop(word), make("ul", { class: "readings" }, ...rows)].filter(Boolean));
  }

  wordRow(word, engine, layer) {
    const words = engine === word.engine ? [word] : layer.meeting(word);
    const compared = layer.reads && this.layers.get(word.engine).reads;
    const differs = compared && engine !== word.engine && !agrees(word, words);
    const row = make("li", { class: differs ? "differs" : "" }, badge(this.engines[engine]));
    if (!words.length || !layer.reads) {
      row.append(make("span", { class: "none", text: words.length ? "a line here, not read" : "nothing here" }));
      return row;
    }
    const kind = this.page.readings.find((reading) => reading.engine === engine).kind;
    const lowest = (name) => {
      const values = words.map((other) => other[name]).filter((value) => value !== null);
      return values.length ? Math.min(...values) : null;
    };
    const notes = [];
    if (lowest("confidence") !== null) notes.push(`confidence ${lowest("confidence").toFixed(2)}${kind ? ` (${kind})` : ""}`);
    if (lowest("calibrated") !== null) notes.push(`right with ${percent(lowest("calibrated"), 0)}`);
    row.append(make("div", {},
      make("bdi", { class: "read", text: visible(words.map((other) => other.text).join(" ")) }),
      differs ? make("span", { class: "unequal", text: "≠" }, make("span", { class: "sr", text: " differs" })) : null,
      make("span", { class: "detail", text: visible(notes.join(", ") || "no confidence") })));
    return row;
  }

  // The word's own pixels, large, so that a reader can judge who is right.
  crop(word) {
    if (!this.image?.complete || !this.image.naturalWidth) return null;
    const unit = this.image.naturalWidth / this.page.size[0];
    const pad = PADDING_OF_CROP * (word.y1 - word.y0);
    const x = Math.max(0, word.x0 - pad) * unit;
    const y = Math.max(0, word.y0 - pad) * unit;
    const width = Math.min(this.image.naturalWidth, (word.x1 + pad) * unit) - x;
    const height = Math.min(this.image.naturalHeight, (word.y1 + pad) * unit) - y;
    if (width < 1 || height < 1) return null;
    const canvas = make("canvas", { class: "crop", "aria-hidden": "true" });
    const zoom = Math.min(560 / width, 180 / height, 6);
    canvas.width = Math.max(1, Math.round(width * zoom));
    canvas.height = Math.max(1, Math.round(height * zoom));
    canvas.getContext("2d").drawImage(this.image, x, y, width, height, 0, 0, canvas.width, canvas.height);
    return canvas;
  }
}
