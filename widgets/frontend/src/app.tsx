/** The whole widget: the page on the left, the word and the engines on the right. */

import type { PanzoomObject } from "@panzoom/panzoom";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Board } from "./board";
import { Confused } from "./confused";
import { Choose, Dropping, Uploads } from "./dropping";
import { Editor } from "./editor";
import { Fields } from "./fields";
import { Help } from "./help";
import { OURS } from "./hosts";
import { useImage, useSession } from "./hooks";
import type { Places } from "./places";
import { Runs } from "./runs";
import { Scores } from "./scores";
import { type Session, VOTE } from "./session";
import type { Plan } from "./specs";
import { type Shown, Stage } from "./stage";
import { Toolbar } from "./toolbar";
import { Trying } from "./trying";
import { Word } from "./word";

export function App({ session }: { session: Session }) {
  useSession(session);
  const { view, desk } = session;
  const board = session.model.get("board");
  const image = useImage(session.model.get("picture"), session.model.get("picture_type"));
  const treated = useImage(desk?.preview?.picture ?? null, desk?.preview?.type ?? "");
  const [layers, setLayers] = useState<Set<string>>(new Set());
  const [heat, setHeat] = useState(true);
  const [hovered, setHovered] = useState("");
  const [looked, setLooked] = useState(VOTE);
  const [lit, setLit] = useState<{ key: string; cells: Set<string> }>({ key: "", cells: new Set() });
  const [marked, setMarked] = useState(true);
  const [field, setField] = useState("");
  const [help, setHelp] = useState(false);
  const [all, setAll] = useState(board !== null);
  const [trying, setTrying] = useState(false);
  const [plan, setPlan] = useState<Plan>({ engine: "", options: {}, steps: [] });
  const [seeing, setSeeing] = useState(true);
  const zoom = useRef<PanzoomObject | null>(null);
  const editor = useRef<HTMLInputElement | null>(null);
  const root = useRef<HTMLDivElement>(null);
  const shown = useMemo<Shown>(() => ({ layers, heat, lit: lit.cells, fields: marked, field }), [layers, heat, lit, marked, field]);

  useEffect(() => {
    setHovered("");
    setLit({ key: "", cells: new Set() });
  }, [view]);

  // A page that is read on is the same page: what is looked at stays.
  useEffect(() => setField(""), [view?.id]);

  const focusStage = (): void => root.current?.querySelector<HTMLElement>(".stage")?.focus({ preventScroll: true });
  const edit = (): void => {
    // At once: the next key may be on its way.
    editor.current?.focus({ preventScroll: true });
    editor.current?.select();
  };
  const toggleLayer = (label: string): void => {
    const next = new Set(layers);
    if (!next.delete(label)) next.add(label);
    setLayers(next);
  };

  const onKey = (event: KeyboardEvent, places: Places): void => {
    const act = actionOf(event, session, places, { zoom, edit, toggleLayer, heat: () => setHeat(!heat), help: () => setHelp(!help) });
    if (!act) return;
    // Jupyter listens to the same keys.
    event.preventDefault();
    event.stopPropagation();
    setHovered("");
    act();
  };

  const notice = session.model.get("notice");
  const cell = session.find(hovered)?.cell ?? session.selected?.cell;
  const sees = trying && seeing && plan.steps.length > 0 && desk?.preview?.page === view?.id && !desk?.preview?.error;
  return (
    <div class="ocr-plugins" ref={root} {...OURS}>
      <Dropping desk={desk}>
        <Runs session={session} />
        {desk ? <Uploads desk={desk} /> : null}
        {notice ? (
          <p class="notice" role="alert">
            {notice}
          </p>
        ) : null}
        {session.model.get("pages").length ? (
          <Toolbar
            session={session}
            zoom={zoom}
            heat={heat}
            onHeat={() => setHeat(!heat)}
            onHelp={() => setHelp(!help)}
            all={board ? all : null}
            onAll={() => setAll(!all)}
            trying={trying}
            onTry={() => setTrying(!trying)}
          />
        ) : null}
        {help ? <Help onClose={() => setHelp(false)} /> : null}
        {trying && desk ? (
          <Trying session={session} desk={desk} plan={plan} onPlan={setPlan} seeing={seeing} onSee={setSeeing} onClose={() => setTrying(false)} />
        ) : null}
        {all && board ? <Board session={session} board={board} onLook={setLooked} /> : null}
        {!view || view.error ? (
          <Nothing session={session} />
        ) : (
          <div class="columns">
            <Stage
              session={session}
              image={image}
              treated={sees ? treated : null}
              shown={shown}
              hovered={hovered}
              onHover={setHovered}
              onKey={onKey}
              onEdit={edit}
              zoom={zoom}
            />
            <div class="side">
              {cell ? <Word session={session} image={image} cell={cell} /> : <p class="hint">{hintOf(session)}</p>}
              {session.selected ? (
                <Editor
                  key={`${view.id} ${session.model.get("selected")}`}
                  session={session}
                  cell={session.selected.cell}
                  aside={cell !== session.selected.cell}
                  editor={editor}
                  onDone={focusStage}
                />
              ) : null}
              <Fields session={session} marked={marked} onMark={() => setMarked(!marked)} chosen={field} onChoose={setField} />
              <Scores session={session} layers={layers} onLayer={toggleLayer} looked={looked} onLook={setLooked} />
              {session.cells.length ? (
                <Confused
                  session={session}
                  label={looked}
                  chosen={lit.key}
                  onChoose={(one, key) => {
                    setLit(one ? { key, cells: new Set(one.cells) } : { key: "", cells: new Set() });
                    if (one?.cells[0]) session.select(one.cells[0]);
                  }}
                />
              ) : null}
            </div>
          </div>
        )}
        <p class="hidden" aria-live="polite">
          {session.selected ? spoken(session, session.selected.cell.id) : ""}
        </p>
      </Dropping>
    </div>
  );
}

/** Where there is no page to see: why, or how to get one. */
function Nothing({ session }: { session: Session }) {
  if (session.view?.error) return <p class="notice">{session.view.error}</p>;
  if (!session.desk) return <p class="notice">Nothing has been read yet.</p>;
  return (
    <div class="nothing-yet">
      <p>Drop pages here: pictures, PDF or TIFF. A text that is called like a page is its ground truth.</p>
      <Choose desk={session.desk}>Choose files…</Choose>
    </div>
  );
}

function hintOf(session: Session): string {
  if (session.cells.length) return "Point at a word, or press n for the most doubtful one.";
  if (session.view?.pending && !session.model.get("running")) return "The words are on their way.";
  return session.model.get("running") ? "The engines are reading." : "No engine has read any text on this page.";
}

/** What a screen reader says of the word that was moved to. */
function spoken(session: Session, id: string): string {
  const decision = session.decisions.get(id);
  const cell = session.find(id)?.cell;
  if (!decision || !cell) return "";
  const correction = session.corrections.get(id);
  const sure = `${Math.round(decision.probability * 100)} percent sure`;
  const readings = typeof cell.said === "string" ? "all agree" : session.heard.map((place) => `${session.view!.voters[place]}: ${cell.said[place] || "nothing"}`).join("; ");
  return `${correction ?? (decision.text || "nothing")}, ${correction === undefined ? sure : "corrected"}. ${readings}`;
}

interface Means {
  zoom: { current: PanzoomObject | null };
  edit: () => void;
  toggleLayer: (label: string) => void;
  heat: () => void;
  help: () => void;
}

/** What a key does on the page; undefined for keys that are the host's. */
function actionOf(event: KeyboardEvent, session: Session, places: Places, means: Means): (() => void) | undefined {
  const selected = session.selected?.cell;
  if (event.ctrlKey || event.metaKey) {
    if (event.altKey) return undefined;
    const key = event.key.toLowerCase();
    if (key === "z") return event.shiftKey ? () => session.redo() : () => session.undo();
    return key === "y" ? () => session.redo() : undefined;
  }
  if (event.altKey) return undefined;
  const beside = (way: 1 | -1) => () => {
    const next = selected?.box ? places.beside(selected.box, way) : session.cells[0]?.cell;
    if (next) session.select(next.id);
  };
  const keys: Record<string, () => void> = {
    ArrowRight: () => session.step(1),
    ArrowLeft: () => session.step(-1),
    ArrowDown: beside(1),
    ArrowUp: beside(-1),
    n: () => session.doubtfulStep(1),
    p: () => session.doubtfulStep(-1),
    u: () => session.undo(),
    r: () => session.redo(),
    h: means.heat,
    "?": means.help,
    "+": () => means.zoom.current?.zoomIn(),
    "-": () => means.zoom.current?.zoomOut(),
    "0": () => means.zoom.current?.reset(),
  };
  if (selected) {
    keys["Enter"] = means.edit;
    keys["e"] = means.edit;
    keys["y"] = () => {
      session.correct(selected, session.decisions.get(selected.id)?.text ?? "");
      session.doubtfulStep(1);
    };
    keys["Delete"] = () => session.correct(selected, null);
  }
  session.view?.engines.slice(0, 9).forEach(({ label }, place) => {
    keys[String(place + 1)] = () => means.toggleLayer(label);
  });
  return keys[event.key];
}
