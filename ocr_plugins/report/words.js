// Which words of different engines are the same place on the page, and do they agree?

class Word {
  constructor(engine, order, [text, confidence, calibrated, shape]) {
    Object.assign(this, { engine, order, text, confidence, calibrated });
    this.points = [];
    if (shape.length === 4) {
      const [x0, y0, x1, y1] = shape;
      this.points = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
    } else {
      for (let i = 0; i < shape.length; i += 2) this.points.push([shape[i], shape[i + 1]]);
    }
    const xs = this.points.map(([x]) => x);
    const ys = this.points.map(([, y]) => y);
    Object.assign(this, {
      x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys), differs: false,
    });
    // A box without width or height still lies somewhere.
    this.area = Math.max(this.x1 - this.x0, 1) * Math.max(this.y1 - this.y0, 1);
  }

  get path() {
    return `M${this.points.map((point) => point.join(" ")).join("L")}Z`;
  }

  contains(x, y) {
    return x >= this.x0 && x <= this.x1 && y >= this.y0 && y <= this.y1;
  }

  // At least half of the smaller box lies in the other.
  meets(other) {
    const width = Math.min(this.x1, other.x1) - Math.max(this.x0, other.x0);
    const height = Math.min(this.y1, other.y1) - Math.max(this.y0, other.y0);
    return width > 0 && height > 0 && width * height >= 0.5 * Math.min(this.area, other.area);
  }
}

// One engine's words, found by their height on the page: comparing each word with each would
// take seconds where there are many thousands.
class WordLayer {
  // One that does not read has boxes of lines, without text: it can be looked at, not compared.
  constructor(engine, words, pageHeight, reads = true) {
    this.reads = reads;
    this.words = words.map((word, i) => new Word(engine, i, word));
    this.step = Math.max(1, pageHeight / 128);
    this.rows = new Map();
    for (const word of this.words) {
      for (let row = this.rowOf(word.y0); row <= this.rowOf(word.y1); row++) {
        if (!this.rows.has(row)) this.rows.set(row, []);
        this.rows.get(row).push(word);
      }
    }
  }

  rowOf(y) {
    return Math.floor(y / this.step);
  }

  at(x, y) {
    return (this.rows.get(this.rowOf(y)) ?? []).filter((word) => word.contains(x, y));
  }

  // The words at the other's place, in reading order.
  meeting(other) {
    const found = new Set();
    for (let row = this.rowOf(other.y0); row <= this.rowOf(other.y1); row++) {
      for (const word of this.rows.get(row) ?? []) if (word.meets(other)) found.add(word);
    }
    return [...found].sort((a, b) => a.order - b.order);
  }
}

const joined = (words) => words.map((word) => word.text).join(" ").replace(/\s+/g, " ").trim();

// Whether what another engine read at this word's place is the same. An engine that only gives
// lines agrees where its line holds the word.
function agrees(word, others) {
  const here = joined([word]);
  const there = joined(others);
  if (here === there) return true;
  const wider = others.length === 1 && others[0].area > 2 * word.area;
  return wider && ` ${there} `.includes(` ${here} `);
}

function markDifferences(layers) {
  const all = [...layers.values()].filter((layer) => layer.reads);
  for (const layer of all) {
    for (const word of layer.words) {
      word.differs = all.some((other) => other !== layer && !agrees(word, other.meeting(word)));
    }
  }
}
