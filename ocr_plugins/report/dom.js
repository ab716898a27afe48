// Small helpers. Everything from a document reaches the page through make(), which only ever
// sets text and attributes: no text is handed to the HTML parser.

const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  fill(element, properties, children);
  return element;
}

function makeSvg(tag, properties = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  fill(element, properties, children);
  return element;
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") element.textContent = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
}

// Characters that cannot be seen but change what is seen; markup.py has the same list.
const INVISIBLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g;

function visible(text) {
  return text.replace(
    INVISIBLE,
    (c) => `[U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );
}

const percent = (value, digits = 1) => `${(100 * value).toFixed(digits)}%`;

function pageData(id) {
  return JSON.parse(byId(id).textContent);
}

// An engine's sign, as the leaderboard has it.
function badge(engine) {
  return make(
    "span",
    { class: `badge ${engine.style}`, "aria-hidden": "true" },
    make("b", { text: engine.letter }),
    makeSvg("svg", { viewBox: "0 0 24 4" }, makeSvg("path", { d: "M0 2H24" })),
  );
}
