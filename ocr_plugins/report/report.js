// Starts the report: the address names the page, the page's data is parsed when it is opened.

const data = pageData("report");
const engines = data.engines;
const numbers = new Map(data.pages.map((page, number) => [page, number]));
const byKey = new Map(data.pages.map((page) => [page.key, page]));
let current = null;

sortableTable(byId("leaderboard"));
const copy = byId("copy");
if (copy) {
  copy.hidden = false;
  copy.addEventListener("click", copyCommand);
}

if (data.pages.length) start();

function start() {
  byId("work").hidden = false;
  byId("help").hidden = false;
  const list = new PageList(data.pages, engines);
  const stage = new Stage(engines);
  const texts = new Texts(engines);

  function open(page) {
    if (page === current) return;
    current = page;
    const content = pageData(`page-${numbers.get(page)}`);
    byId("page-title").replaceChildren(make("bdi", { text: visible(page.id) }));
    byId("page-source").replaceChildren(make("bdi", { text: place(page) }));
    byId("page-error").hidden = !content.error;
    byId("page-error").replaceChildren(make("strong", { text: "The page could not be opened. " }), make("bdi", { text: visible(content.error) }));
    // A page that failed has nothing to look at, unless a caller says otherwise.
    texts.show(content);
    stage.show(content);
    list.select(page);
    steps();
  }

  function steps() {
    const here = list.order.indexOf(current);
    byId("position").textContent = here < 0 ? "" : `Page ${here + 1} of ${list.order.length}`;
    byId("previous").disabled = !list.step(current, -1);
    byId("next").disabled = !list.step(current, 1);
  }

  function step(by) {
    const page = list.step(current, by);
    if (page) window.location.hash = address(page);
  }

  function follow() {
    const key = /^#p=(.*)$/s.exec(window.location.hash)?.[1];
    const page = key === undefined ? null : byKey.get(decoded(key));
    // "#view" and the like are places inside the page that is open.
    if (page || !current) open(page ?? list.order[0] ?? data.pages[0]);
  }

  list.onchange = steps;
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  window.addEventListener("hashchange", follow);
  document.addEventListener("keydown", (event) => shortcut(event, stage, step));
  follow();
}

function decoded(key) {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // an address typed by hand
  }
}

function shortcut(event, stage, step) {
  if (!byId("keys").checked || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  // Inside something that scrolls sideways the arrows scroll.
  const scrolls = (element) => element && element.scrollWidth > element.clientWidth + 1;
  const free = !scrolls(event.target.closest(".stage, .scroll"));
  const actions = {
    j: () => step(1),
    k: () => step(-1),
    ArrowRight: free ? () => step(1) : null,
    ArrowLeft: free ? () => step(-1) : null,
    "+": () => stage.zoomBy(ZOOM_STEP),
    "=": () => stage.zoomBy(ZOOM_STEP),
    "-": () => stage.zoomBy(1 / ZOOM_STEP),
    0: () => stage.setZoom("width"),
    ".": () => stage.stepWord(1),
    ",": () => stage.stepWord(-1),
    d: () => !byId("only").disabled && byId("only").click(),
  };
  const action = /^[1-9]$/.test(event.key) ? () => stage.toggle(Number(event.key) - 1) : actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

async function copyCommand() {
  const button = byId("copy");
  try {
    await navigator.clipboard.writeText(byId("command").textContent);
    button.textContent = "Copied";
  } catch {
    // Some browsers give files no clipboard: leave the command selected for the user's own copy.
    window.getSelection().selectAllChildren(byId("command"));
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}
