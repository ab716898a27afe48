import { Choose } from "./dropping";
import { OURS } from "./hosts";
import type { PanzoomObject } from "@panzoom/panzoom";
import type { Session } from "./session";

interface Props {
  session: Session;
  zoom: { current: PanzoomObject | null };
  heat: boolean;
  onHeat: () => void;
  onHelp: () => void;
  /** Whether the table of all pages is shown; null where there is none. */
  all: boolean | null;
  onAll: () => void;
  trying: boolean;
  onTry: () => void;
}

export function Toolbar({ session, zoom, heat, onHeat, onHelp, all, onAll, trying, onTry }: Props) {
  const pages = session.model.get("pages");
  const here = pages.findIndex((page) => page.id === session.model.get("page"));
  const checked = session.corrections.size;
  return (
    <div class="toolbar" role="toolbar" aria-label="Page">
      {pages.length > 1 ? (
        <span class="group">
          <button type="button" aria-label="page before" disabled={here <= 0} onClick={() => session.open(pages[here - 1]!.id)}>
            ‹
          </button>
          <select {...OURS} aria-label="page" value={session.model.get("page")} onChange={(event) => session.open(event.currentTarget.value)}>
            {pages.map((page) => (
              <option key={page.id} value={page.id}>
                {page.title}
              </option>
            ))}
          </select>
          <button type="button" aria-label="next page" disabled={here >= pages.length - 1} onClick={() => session.open(pages[here + 1]!.id)}>
            ›
          </button>
        </span>
      ) : (
        <b class="title">{session.view?.title}</b>
      )}
      {all === null ? null : (
        <button type="button" aria-pressed={all} onClick={onAll}>
          all pages
        </button>
      )}
      {session.desk ? (
        <span class="group">
          <button type="button" aria-pressed={trying} onClick={onTry}>
            try…
          </button>
          <Choose desk={session.desk}>add pages…</Choose>
        </span>
      ) : null}
      <span class="group">
        <button type="button" aria-label="zoom out" onClick={() => zoom.current?.zoomOut()}>
          −
        </button>
        <button type="button" title="all of the page" onClick={() => zoom.current?.reset()}>
          fit
        </button>
        <button type="button" aria-label="zoom in" onClick={() => zoom.current?.zoomIn()}>
          +
        </button>
      </span>
      <button type="button" aria-pressed={heat} onClick={onHeat}>
        disagreement
      </button>
      <span class="group">
        <button type="button" onClick={() => session.doubtfulStep(-1)}>
          ‹ doubtful
        </button>
        <button type="button" onClick={() => session.doubtfulStep(1)}>
          doubtful ›
        </button>
      </span>
      <span class="group">
        <button type="button" disabled={!session.canUndo} onClick={() => session.undo()}>
          undo
        </button>
        <button type="button" disabled={!session.canRedo} onClick={() => session.redo()}>
          redo
        </button>
      </span>
      <span class="count">{checked ? `${checked} ${checked === 1 ? "word" : "words"} checked` : ""}</span>
      <button type="button" class="keys" onClick={onHelp}>
        keys
      </button>
    </div>
  );
}
