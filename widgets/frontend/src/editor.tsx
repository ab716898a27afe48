/** What a person says of the word that is selected. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { OURS } from "./hosts";
import type { Session } from "./session";
import type { Cell } from "./state";

interface Props {
  session: Session;
  cell: Cell;
  /** Whether the pointer shows another word meanwhile. */
  aside: boolean;
  editor: { current: HTMLInputElement | null };
  onDone: () => void;
}

/** It stays where it is while the pointer passes over other words, so that it can take a key at any time. */
export function Editor({ session, cell, aside, editor, onDone }: Props) {
  const known = session.corrections.get(cell.id) ?? session.decisions.get(cell.id)?.text ?? "";
  // What is being typed is nobody else's: no answer of the kernel reaches it.
  const [typed, setTyped] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    editor.current = field.current;
    return () => {
      editor.current = null;
    };
  }, []);
  const commit = (text: string): void => {
    session.correct(cell, text);
    setTyped(null);
    onDone();
  };
  return (
    <form
      class={aside ? "editor aside" : "editor"}
      onSubmit={(event) => {
        event.preventDefault();
        commit(typed ?? known);
      }}
    >
      <label>
        <span>What stands there</span>
        <input
          ref={field}
          {...OURS}
          type="text"
          dir="auto"
          spellcheck={false}
          autocomplete="off"
          value={typed ?? known}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === "Enter") {
              event.preventDefault();
              commit(typed ?? known);
            }
            if (event.key === "Escape") {
              setTyped(null);
              onDone();
            }
          }}
        />
      </label>
      <button type="submit">Keep</button>
      {session.corrections.has(cell.id) ? (
        <button type="button" onClick={() => session.correct(cell, null)}>
          Take back
        </button>
      ) : null}
    </form>
  );
}
