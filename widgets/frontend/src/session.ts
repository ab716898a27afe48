/**
 * What one view of the widget works on: the shared state, and all that follows from it.
 *
 * Everything that a person does is applied here at once and sent to Python after that; no answer is waited for
 * and none is taken over what is being typed. So the widget lives on where there is no kernel.
 */

import type { AnyModel } from "@anywidget/types";
import { Desk } from "./desk";
import { type Confusion, confusions } from "./differences";
import * as kept from "./kept";
import { around, boxIn, mostShared, type Placed, Places } from "./places";
import { at, type Decision, disagreement, heardIn, vote } from "./vote";
import { correctedTruth, type Score, score, sum } from "./score";
import type { Ballot, Cell, Found, FoundField, History, State, View } from "./state";

export const VOTE = "vote";
/** What the ids of fields begin with. */
const FIELD = "field:";
/** As many shades as the heat map has. */
const SHADES = 5;

export class Session {
  readonly model: AnyModel<State>;
  /** Python, as far as it can be asked; null where there is none. */
  readonly desk: Desk | null;
  /** Where to go on a page that is about to be shown: to what this reading has wrong. */
  private last: { id: string; page: string; placed: Placed } | null = null;
  private aim: { page: string; label: string } | null = null;
  /** What pages are kept under here, of those that were shown. */
  private readonly keys = new Map<string, string>();
  private readonly listeners = new Set<() => void>();
  private readonly memory = new Map<string, { of: unknown[]; value: unknown }>();

  constructor(model: AnyModel<State>, stop: AbortSignal, alone = false) {
    this.model = model;
    this.desk = alone ? null : new Desk(model, () => this.changed(), stop);
    const names = ["view", "picture", "selected", "ballot", "history", "progress", "running", "notice", "pages", "board", "found"] as const;
    for (const name of names) {
      const heard = (): void => this.changed();
      model.on(`change:${name}`, heard);
      stop.addEventListener("abort", () => model.off(`change:${name}`, heard));
    }
    this.restore();
    model.on("change:view", this.shown);
    stop.addEventListener("abort", () => model.off("change:view", this.shown));
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  /** A value that is computed anew only where what it rests on has changed. */
  private once<T>(name: string, of: unknown[], make: () => T): T {
    const known = this.memory.get(name);
    if (known && known.of.length === of.length && known.of.every((one, place) => one === of[place])) return known.value as T;
    const value = make();
    this.memory.set(name, { of, value });
    return value;
  }

  // What is shared.

  get view(): View | null {
    const told = this.model.get("view");
    return this.once("view", [told], () => (told ? (JSON.parse(told) as View) : null));
  }

  get ballot(): Ballot {
    return this.model.get("ballot");
  }

  get history(): History {
    return this.model.get("history");
  }

  private set<K extends keyof State & string>(name: K, value: State[K]): void {
    this.model.set(name, value);
    this.model.save_changes();
  }

  // What follows from it.

  get cells(): Placed[] {
    return this.once("cells", [this.view], () =>
      (this.view?.lines ?? []).flatMap((line, number) => line.map((cell, place) => ({ cell, line: number, place }))),
    );
  }

  private get byId(): Map<string, Placed> {
    return this.once("byId", [this.view], () => new Map(this.cells.map((placed) => [placed.cell.id, placed])));
  }

  get places(): Places {
    return this.once("places", [this.view], () => new Places(this.cells));
  }

  find(id: string): Placed | undefined {
    return this.byId.get(id);
  }

  /**
   * The word that is selected, also where another engine has moved its box a little; while a page's words are
   * worked out anew it is what it was, so that what is being typed has a place.
   */
  get selected(): Placed | undefined {
    const id = this.model.get("selected");
    const page = this.view?.id ?? "";
    const like = this.find(id) ? undefined : this.places.like(id);
    const placed = this.find(like?.id ?? id);
    if (placed) this.last = { id, page, placed };
    return placed ?? (this.last?.id === id && this.last.page === page ? this.last.placed : undefined);
  }

  get heard(): number[] {
    return this.once("heard", [this.view, this.ballot], () => (this.view ? heardIn(this.view, this.ballot) : []));
  }

  /** The vote by cell id. */
  get decisions(): Map<string, Decision> {
    return this.once("decisions", [this.view, this.ballot], () => {
      const found = this.view ? vote(this.view, this.ballot) : [];
      return new Map((this.view?.lines ?? []).flatMap((line, number) => line.map((cell, place) => [cell.id, found[number]![place]!] as const)));
    });
  }

  /** What a person has said on this page, by cell id. */
  get corrections(): Map<string, string> {
    return this.once("corrections", [this.history, this.view], () => {
      const found = new Map<string, string>(Object.entries(this.view?.kept ?? {}));
      for (const { page, cell, text } of this.history.edits.slice(0, this.history.done)) {
        if (page !== this.view?.id || cell.startsWith(FIELD)) continue;
        // With other engines a word's box may have moved a little.
        const here = this.byId.has(cell) ? cell : this.places.like(cell)?.id;
        if (here === undefined) continue;
        if (text === null) found.delete(here);
        else found.set(here, text);
      }
      return found;
    });
  }

  /** The fields of the page that is shown; null where none were asked for, or they are still to come. */
  get found(): Found | null {
    const found = this.model.get("found");
    return found && found.page === this.view?.id ? found : null;
  }

  /** What a person has said of the page's fields, by their ids. */
  get mended(): Map<string, string> {
    return this.once("mended", [this.history, this.found], () => {
      const fields = this.found?.fields ?? [];
      const said = new Map(fields.flatMap(({ id, kept }) => (kept === null ? [] : [[id, kept] as const])));
      for (const { page, cell, text } of this.history.edits.slice(0, this.history.done)) {
        const here = page === this.view?.id ? fieldCalled(cell, fields) : undefined;
        if (here === undefined) continue;
        if (text === null) said.delete(here);
        else said.set(here, text);
      }
      return said;
    });
  }

  /** What stands in a cell as far as it is known: by a person, else by the ground truth. */
  truthOf(cell: Cell): string | undefined {
    const said = this.corrections.get(cell.id);
    if (said !== undefined) return said;
    const words = this.view?.truth;
    return words && cell.truth ? words.slice(cell.truth[0], cell.truth[0] + cell.truth[1]).join("").trim() : undefined;
  }

  /** What a reading has in a cell; the vote's where the label is `vote`. */
  said(label: string, cell: Cell): string {
    if (label === VOTE) return this.decisions.get(cell.id)?.text ?? "";
    return at(cell.said, this.view?.voters.indexOf(label) ?? -1);
  }

  private get voted(): string {
    return this.once("voted", [this.decisions], () =>
      (this.view?.lines ?? [])
        .map((line) => line.map((cell) => this.decisions.get(cell.id)?.text ?? "").filter(Boolean).join(" "))
        .join("\n"),
    );
  }

  /** Whether scores are of the whole page, and not of the words alone that a person has looked at. */
  get hasTruth(): boolean {
    return this.view?.truth != null;
  }

  /** Scores by label, the vote's among them; empty where nothing is known of the page. */
  get scores(): Map<string, Score> {
    return this.once("scores", [this.view, this.history, this.ballot], () => {
      const found = new Map<string, Score>();
      const view = this.view;
      if (!view) return found;
      const labels = [...view.engines.filter((engine) => !engine.error).map((engine) => engine.label), VOTE];
      for (const label of labels) {
        const known = label === VOTE ? this.voteScore(view) : this.scoreOf(view, label);
        if (known) found.set(label, known);
      }
      return found;
    });
  }

  private get reference(): string | null {
    return this.once("reference", [this.view, this.corrections], () => this.view && correctedTruth(this.view, this.corrections));
  }

  private scoreOf(view: View, label: string): Score | null {
    return this.once(`score ${label}`, [view, this.corrections], () => {
      if (this.reference !== null) return score(this.reference, view.engines.find((engine) => engine.label === label)?.text ?? "");
      return view.voters.includes(label) ? this.checked(label) : null;
    });
  }

  private voteScore(view: View): Score | null {
    if (!view.voters.length) return null;
    return this.reference !== null ? score(this.reference, this.voted) : this.checked(VOTE);
  }

  /** Of the words that a person has looked at. */
  private checked(label: string): Score | null {
    const scores = [...this.corrections].flatMap(([id, text]) => {
      const cell = this.find(id)?.cell;
      return cell ? [score(text, this.said(label, cell))] : [];
    });
    return scores.length ? sum(scores) : null;
  }

  /** How doubtful a cell is, 0 to 1: 1 less the probability that the vote is right. */
  doubt(cell: Cell): number {
    return 1 - (this.decisions.get(cell.id)?.probability ?? 1);
  }

  /** The cells that nobody has looked at, the most doubtful first. */
  get doubtful(): Placed[] {
    return this.once("doubtful", [this.decisions, this.corrections], () =>
      this.cells
        .filter(({ cell }) => !this.corrections.has(cell.id) && (typeof cell.said === "string" ? cell.said : cell.said.some(Boolean)))
        .sort((one, other) => this.doubt(other.cell) - this.doubt(one.cell)),
    );
  }

  /** Cells by shade of the heat map, from little to much disagreement; those on which all agree are in none. */
  get shades(): Cell[][] {
    return this.once("shades", [this.view, this.ballot], () => {
      const found: Cell[][] = Array.from({ length: SHADES }, () => []);
      for (const { cell } of this.cells) {
        const share = disagreement(cell, this.heard);
        if (share > 0) found[Math.min(SHADES - 1, Math.floor(share * SHADES))]!.push(cell);
      }
      return found;
    });
  }

  /** What a reading takes for what, where it is known what stands there. */
  confusionsOf(label: string): Confusion[] {
    return this.once(`confusions ${label}`, [this.view, this.corrections, label === VOTE ? this.ballot : null], () =>
      confusions(
        this.cells.flatMap(({ cell }): [string, string, string][] => {
          const wanted = this.truthOf(cell);
          return wanted === undefined ? [] : [[cell.id, wanted, this.said(label, cell)]];
        }),
      ),
    );
  }

  // What a person does.

  select(id: string): void {
    if (this.find(id) && id !== this.model.get("selected")) this.set("selected", id);
  }

  /** Selects the word that stands so many behind this one in the order of the page. */
  step(by: number): void {
    const count = this.cells.length;
    if (!count) return;
    const here = this.selected ? this.cells.indexOf(this.selected) : -1;
    if (here < 0) {
      this.select(this.cells[by > 0 ? 0 : count - 1]!.cell.id);
      return;
    }
    this.select(this.cells[(here + by + count) % count]!.cell.id);
  }

  /** Selects the next most doubtful word, or the one before it. */
  doubtfulStep(by: 1 | -1): void {
    const order = this.doubtful;
    if (!order.length) return;
    const here = order.findIndex(({ cell }) => cell.id === this.selected?.cell.id);
    const next = here < 0 ? (by > 0 ? 0 : order.length - 1) : (here + by + order.length) % order.length;
    this.select(order[next]!.cell.id);
  }

  correct(cell: Cell, text: string | null): void {
    this.say(cell.id, this.corrections.get(cell.id), text);
  }

  /** Says what a field of a page is, unless another page is shown by now. */
  mend(page: string, field: FoundField, text: string | null): void {
    if (page === this.view?.id) this.say(field.id, this.mended.get(field.id), text);
  }

  private say(id: string, known: string | undefined, typed: string | null): void {
    const text = typed === null ? null : plain(typed);
    if (!this.view || text === known || (text === null && known === undefined)) return;
    const edits = [...this.history.edits.slice(0, this.history.done), { page: this.view.id, cell: id, text }];
    this.write({ edits, done: edits.length }, this.view.id);
  }

  get canUndo(): boolean {
    return this.history.done > 0;
  }

  get canRedo(): boolean {
    return this.history.done < this.history.edits.length;
  }

  undo(): void {
    if (this.canUndo) this.go(this.history.done - 1, this.history.done - 1);
  }

  redo(): void {
    if (this.canRedo) this.go(this.history.done + 1, this.history.done);
  }

  private go(done: number, changed: number): void {
    const edit = this.history.edits[changed]!;
    this.write({ ...this.history, done }, edit.page);
    if (edit.page === this.view?.id) this.select(edit.cell);
  }

  /** Says it to Python, and keeps what is said now of the page that has changed. */
  private write(history: History, page: string): void {
    this.set("history", history);
    const key = this.keys.get(page);
    if (key !== undefined) kept.keep(key, page, history);
  }

  private readonly shown = (): void => {
    this.restore();
    if (this.aim && this.aim.page === this.view?.id && !this.view.pending) this.arrive(this.aim.label);
  };

  /** What was typed while no kernel was there to keep it. */
  private readonly restore = (): void => {
    const view = this.view;
    if (!view) return;
    this.keys.set(view.id, view.key);
    const before = this.history.edits.slice(0, this.history.done);
    const known = before.filter((edit) => edit.page === view.id);
    const mine = kept.find(view.key, view.id, view.kept_at);
    // Where the two part ways, somebody has gone on elsewhere, and that is newer.
    if (!known.every((edit, place) => edit.cell === mine[place]?.cell && edit.text === mine[place]?.text)) return;
    const edits = [...before, ...mine.slice(known.length)];
    if (edits.length > before.length) this.set("history", { edits, done: edits.length });
  };

  setBallot(change: Partial<Ballot>): void {
    this.set("ballot", { ...this.ballot, ...change });
  }

  toggleVoter(label: string): void {
    const { without } = this.ballot;
    this.setBallot({ without: without.includes(label) ? without.filter((one) => one !== label) : [...without, label] });
  }

  open(page: string): void {
    if (page !== this.model.get("page")) this.set("page", page);
  }

  /** Opens a page at a word that a reading has wrong, or without ground truth at the most doubtful one. */
  openAt(page: string, label: string): void {
    if (page === this.view?.id) {
      this.arrive(label);
      return;
    }
    this.aim = { page, label };
    this.open(page);
  }

  private arrive(label: string): void {
    this.aim = null;
    const wrong = this.cells.find(({ cell }) => {
      const wanted = this.truthOf(cell);
      return wanted !== undefined && wanted !== this.said(label, cell);
    });
    const there = wrong ?? this.doubtful[0];
    if (there) this.select(there.cell.id);
  }
}

/** What is typed, without white space that nobody sees. */
export const plain = (text: string): string => text.trim().replace(/\s+/g, " ");

/** The id of the field that an edit is of: with other engines the box that it is called by may have moved a little. */
export function fieldCalled(id: string, fields: FoundField[]): string | undefined {
  if (fields.some((field) => field.id === id)) return id;
  const box = boxIn(id);
  const alike = fields.filter((field) => kindOf(field.id) === kindOf(id) && field.boxes.length);
  return box && mostShared(box, alike.map((field) => [field.id, around(field.boxes)]));
}

/** A field's id without its box: its name, and its number where a word says two of one name. */
const kindOf = (id: string): string => id.replace(/@[^#]*/, "");
