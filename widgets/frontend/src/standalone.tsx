/** The widget in a page of its own, without a notebook and without Python. */

import type { AnyModel } from "@anywidget/types";
import { render } from "preact";
import { App } from "./app";
import { Session } from "./session";
import type { Ballot, Board, Found, PageTitle, State, View } from "./state";

/** What such a page carries, as widgets/standalone.py writes it: pictures are base64. */
export interface Book {
  pages: PageTitle[];
  board: Board | null;
  ballot: Ballot;
  views: Record<string, View>;
  /** Of pages, where fields were asked for. */
  found: Record<string, Found>;
  pictures: Record<string, { type: string; data: string }>;
}

const EMPTY: State = {
  pages: [],
  page: "",
  view: "",
  picture: null,
  picture_type: "",
  selected: "",
  ballot: { method: "learned", without: [] },
  history: { edits: [], done: 0 },
  board: null,
  found: null,
  progress: [],
  running: false,
  notice: "",
};

/** A model that nobody shares. */
export class Alone {
  private readonly listeners = new Map<string, Set<() => void>>();
  readonly state: State;

  constructor(state: Partial<State>) {
    this.state = { ...EMPTY, ...state };
  }

  get<K extends keyof State>(name: K): State[K] {
    return this.state[name];
  }

  set<K extends keyof State>(name: K, value: State[K]): void {
    if (this.state[name] === value) return;
    this.state[name] = value;
    for (const listener of [...(this.listeners.get(`change:${name}`) ?? [])]) listener();
  }

  on(name: string, listener: () => void): void {
    const known = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, known.add(listener));
  }

  off(name: string, listener: () => void): void {
    this.listeners.get(name)?.delete(listener);
  }

  save_changes(): void {}

  send(): void {}
}

export function standalone(el: HTMLElement, book: Book): Alone {
  const model = new Alone({ pages: book.pages, board: book.board, ballot: book.ballot });
  const open = (): void => {
    const page = model.get("page");
    const picture = book.pictures[page];
    model.set("picture_type", picture?.type ?? "");
    model.set("picture", picture ? bytesOf(picture.data) : null);
    model.set("selected", "");
    model.set("found", book.found[page] ?? null);
    model.set("view", page in book.views ? JSON.stringify(book.views[page]) : "");
  };
  model.on("change:page", open);
  model.set("page", book.pages[0]?.id ?? "");
  const session = new Session(model as unknown as AnyModel<State>, new AbortController().signal, true);
  render(<App session={session} />, el);
  return model;
}

function bytesOf(base64: string): DataView {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  return new DataView(bytes.buffer);
}
