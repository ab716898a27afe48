/** What was typed, kept in this browser too, so that a kernel that died takes nothing with it. */

import type { Edit, History } from "./state";

const PREFIX = "ocr-plugins:corrections:";

export function keep(key: string, page: string, history: History): void {
  const edits = history.edits.slice(0, history.done).filter((edit) => edit.page === page);
  try {
    if (edits.length) localStorage.setItem(PREFIX + key, JSON.stringify({ at: Date.now(), edits }));
    else localStorage.removeItem(PREFIX + key);
  } catch {
    // A host without storage, or a full one: Python and the saved notebook have it.
  }
}

/** What was typed here after Python has written what it knows, which is at `since`; else Python has it. */
export function find(key: string, page: string, since: number): Edit[] {
  try {
    const { at, edits }: { at?: number; edits?: unknown } = JSON.parse(localStorage.getItem(PREFIX + key) ?? "{}");
    if (!Array.isArray(edits) || !at || at < since) return [];
    return edits.flatMap((edit: Partial<Edit>) =>
      typeof edit.cell === "string" && (edit.text === null || typeof edit.text === "string")
        ? [{ page, cell: edit.cell, text: edit.text }]
        : [],
    );
  } catch {
    return [];
  }
}
