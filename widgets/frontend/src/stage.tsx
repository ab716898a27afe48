/** The page: its picture, a layer of boxes for each engine, the heat map, and the word that is looked at. */

import Panzoom, { type PanzoomObject } from "@panzoom/panzoom";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { OURS } from "./hosts";
import { boxesOf, boxesOfCells, largest, pathOf, type Places } from "./places";
import type { Session } from "./session";
import type { Box, Cell, FoundField } from "./state";

export interface Shown {
  layers: Set<string>;
  heat: boolean;
  lit: Set<string>;
  /** Whether the fields of the page are marked, and which one is looked at, by its id. */
  fields: boolean;
  field: string;
}

interface Props {
  session: Session;
  image: HTMLImageElement | null;
  /** The page as an engine would see it, in the place of what it is. */
  treated: HTMLImageElement | null;
  shown: Shown;
  hovered: string;
  onHover: (cell: string) => void;
  onKey: (event: KeyboardEvent, places: Places) => void;
  onEdit: () => void;
  zoom: { current: PanzoomObject | null };
}

/** The height of a field's name, as a share of the page's longer side. */
const LABEL = 0.016;
/** How far the page can be enlarged. */
const MOST = 16;

export function Stage({ session, image, treated, shown, hovered, onHover, onKey, onEdit, zoom }: Props) {
  const view = session.view!;
  const [width, height] = treated ? [treated.naturalWidth, treated.naturalHeight] : view.size;
  const frame = useRef<HTMLDivElement>(null);
  const paper = useRef<HTMLDivElement>(null);
  const { places } = session;
  const layers = useMemo(
    () => new Map(Object.entries(view.layers).map(([label, numbers]) => [label, pathOf(boxesOf(numbers))])),
    [view],
  );
  const shades = useMemo(() => session.shades.map((cells) => pathOf(boxesOfCells(cells))), [session.shades]);
  const corrected = useMemo(
    () => pathOf(boxesOfCells([...session.corrections.keys()].flatMap((id) => session.find(id)?.cell ?? []))),
    [session.corrections],
  );
  const lit = useMemo(() => pathOf(boxesOfCells([...shown.lit].flatMap((id) => session.find(id)?.cell ?? []))), [shown.lit, view]);

  useEffect(() => {
    const calm = matchMedia?.("(prefers-reduced-motion: reduce)").matches;
    const panzoom = Panzoom(paper.current!, {
      maxScale: MOST,
      minScale: 0.5,
      step: 0.4,
      animate: !calm,
      duration: 120,
      cursor: "default",
      // Arrow keys move between words, and a click chooses one.
      noBind: false,
    });
    zoom.current = panzoom;
    const wheel = (event: WheelEvent): void => {
      // Scrolling past the widget must not be caught: zooming takes Ctrl, as in maps.
      if (!event.ctrlKey && !event.metaKey) return;
      event.stopPropagation();
      panzoom.zoomWithWheel(event, { animate: false });
    };
    const scaled = (event: Event): void => {
      const { scale } = (event as CustomEvent<{ scale: number }>).detail;
      paper.current?.style.setProperty("--zoom", String(scale));
    };
    const here = frame.current!;
    const sheet = paper.current!;
    here.addEventListener("wheel", wheel, { passive: false });
    sheet.addEventListener("panzoomchange", scaled);
    return () => {
      here.removeEventListener("wheel", wheel);
      sheet.removeEventListener("panzoomchange", scaled);
      panzoom.destroy();
      zoom.current = null;
    };
  }, []);

  const selected = session.selected?.cell;
  const fields = shown.fields ? (session.found?.fields ?? []).filter(({ boxes }) => boxes.length) : [];
  const field = fields.find(({ id }) => id === shown.field);
  const show = (box: Box | null | undefined): void => {
    // On the page as an engine sees it, words may be elsewhere.
    if (treated || !box || !frame.current || !paper.current) return;
    reveal(box, frame.current, paper.current, zoom.current, width);
  };
  useEffect(() => show(selected?.box), [selected?.id, treated]);
  useEffect(() => show(field && largest(field.boxes)), [field?.id]);

  const pointed = (event: PointerEvent | MouseEvent): Cell | undefined => {
    // Steps may move words.
    if (treated) return undefined;
    const area = paper.current!.getBoundingClientRect();
    return places.at(((event.clientX - area.left) / area.width) * width, ((event.clientY - area.top) / area.height) * height);
  };
  const focus = session.find(hovered)?.cell ?? selected;

  return (
    <div
      class="stage"
      ref={frame}
      tabIndex={0}
      {...OURS}
      role="application"
      aria-label={`Page ${view.title}. Arrow keys move between words, n and p between doubtful ones, Enter corrects, question mark lists all keys.`}
      onKeyDown={(event) => onKey(event, places)}
      onPointerMove={(event) => event.buttons === 0 && onHover(pointed(event)?.id ?? "")}
      onPointerLeave={() => onHover("")}
      onClick={(event) => {
        const cell = pointed(event);
        if (cell) session.select(cell.id);
        frame.current?.focus({ preventScroll: true });
      }}
      onDblClick={(event) => {
        const cell = pointed(event);
        if (!cell) return;
        session.select(cell.id);
        // The editor of a word that was just chosen is drawn first.
        requestAnimationFrame(onEdit);
      }}
    >
      <div class="paper" ref={paper} style={{ aspectRatio: `${width} / ${height}`, width: `min(100cqw, ${(width / height).toFixed(4)} * 100cqh)` }}>
        {image ? <img class="picture" src={(treated ?? image).src} alt="" draggable={false} /> : null}
        <svg class="boxes" hidden={treated !== null} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
          {shown.heat ? shades.map((path, shade) => <path key={shade} class={`heat heat-${shade}`} d={path} />) : null}
          {view.engines.map(({ label }, place) =>
            shown.layers.has(label) ? <path key={label} class={`layer engine-${place % 8}`} data-layer={label} d={layers.get(label) ?? ""} /> : null,
          )}
          {fields.map(({ id, name, boxes }) => (
            <path key={id} class={id === field?.id ? "field chosen" : "field"} data-field={name} d={pathOf(boxes)} />
          ))}
          {[...labelsOf(fields)].map(([place, { box, names }]) => (
            <text key={place} class="field" x={box[0]} y={box[1]} font-size={Math.max(width, height) * LABEL}>
              {names.join(", ")}
            </text>
          ))}
          <path class="corrected" d={corrected} />
          <path class="lit" d={lit} />
          {focus?.box ? <path class="focus" d={pathOf([focus.box])} /> : null}
          {selected?.box ? <path class="selected" d={pathOf([selected.box])} /> : null}
        </svg>
      </div>
    </div>
  );
}

/** What stands over the boxes of fields, by the box: some come from the same words. */
function labelsOf(fields: FoundField[]): Map<string, { box: Box; names: string[] }> {
  const found = new Map<string, { box: Box; names: string[] }>();
  for (const { name, boxes } of fields) {
    const box = largest(boxes);
    const known = found.get(box.join());
    if (known) known.names.push(name);
    else found.set(box.join(), { box, names: [name] });
  }
  return found;
}

/** Moves the page so that a box is seen, where it is not. */
function reveal(box: Box, frame: HTMLElement, paper: HTMLElement, zoom: PanzoomObject | null, width: number): void {
  if (!zoom) return;
  const [outer, inner] = [frame.getBoundingClientRect(), paper.getBoundingClientRect()];
  const scale = inner.width / width;
  if (!scale) return;
  const [x0, y0, x1, y1] = box.map((value) => value * scale) as [number, number, number, number];
  const left = inner.left + x0 - outer.left;
  const top = inner.top + y0 - outer.top;
  const right = inner.left + x1 - outer.left;
  const bottom = inner.top + y1 - outer.top;
  if (left >= 0 && top >= 0 && right <= outer.width && bottom <= outer.height) return;
  const k = zoom.getScale();
  zoom.pan((outer.width / 2 - (left + right) / 2) / k, (outer.height / 2 - (top + bottom) / 2) / k, { relative: true });
}
