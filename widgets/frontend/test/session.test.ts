/** What follows from the shared state, and that nothing a person typed is lost to anybody. */

import type { AnyModel } from "@anywidget/types";
import { beforeEach, describe, expect, test } from "vitest";
import { Session, VOTE } from "../src/session";
import { cer } from "../src/score";
import { Alone } from "../src/standalone";
import type { Cell, Engine, Found, FoundField, State, View } from "../src/state";

const engine = (label: string, text: string): Engine => ({
  label,
  name: label,
  spec: label,
  confident: true,
  text,
  seconds: 1,
  expected: null,
  error: null,
  dropped: null,
});

const cell = (place: number, said: string | string[], learned: string, truth: [number, number] | null = [place, 1]): Cell => ({
  id: `${place * 100},0,${place * 100 + 80},20`,
  box: [place * 100, 0, place * 100 + 80, 20],
  said,
  ...(typeof said === "string" ? {} : { spans: [said] }),
  sure: [0.9, 0.8, 0.7],
  right: [0.9, 0.8, 0.7],
  truth,
  learned: { text: learned, probability: said === learned ? 0.99 : 0.6, shares: [[learned, 1]] },
});

const view = (): View => ({
  id: "page",
  title: "page",
  key: "key",
  size: [400, 20],
  engines: [engine("a", "one two three"), engine("b", "one tvo three"), engine("c", "one two thre")],
  voters: ["a", "b", "c"],
  lines: [[cell(0, "one", "one"), cell(1, ["two", "tvo", "two"], "two"), cell(2, ["three", "three", "thre"], "thre")]],
  layers: {},
  truth: ["one ", "two ", "three"],
  kept: {},
  kept_at: 0,
  pending: false,
  error: null,
});

const told = (one: View): string => JSON.stringify(one);

const session = (state: Partial<State> = {}): [Session, Alone] => {
  const model = new Alone({ view: told(view()), page: "page", ...state });
  return [new Session(model as unknown as AnyModel<State>, new AbortController().signal), model];
};

const rates = (one: Session): Record<string, number> => Object.fromEntries([...one.scores].map(([label, found]) => [label, cer(found)]));

beforeEach(() => localStorage.clear());

describe("scores", () => {
  test("are of the whole page where there is ground truth", () => {
    const [one] = session();
    expect(rates(one)).toEqual({ a: 0, b: 1 / 13, c: 1 / 13, [VOTE]: 1 / 13 });
  });

  test("follow the vote's method and its voters", () => {
    const [one] = session();
    one.setBallot({ method: "majority" });
    expect(rates(one)[VOTE]).toBe(0);
    one.toggleVoter("a");
    one.toggleVoter("b");
    expect(one.said(VOTE, view().lines[0]![2]!)).toBe("thre");
    one.toggleVoter("c");
    expect(rates(one)[VOTE]).toBe(1);
  });

  test("move with a correction, and back with its undoing", () => {
    const [one] = session();
    one.correct(view().lines[0]![1]!, "tvo");
    expect(rates(one)).toEqual({ a: 1 / 13, b: 0, c: 2 / 13, [VOTE]: 2 / 13 });
    one.undo();
    expect(rates(one)["a"]).toBe(0);
    one.redo();
    expect(rates(one)["a"]).toBe(1 / 13);
  });

  test("are of the words that were checked where there is no ground truth", () => {
    const bare = { ...view(), truth: null };
    const [one] = session({ view: told(bare) });
    expect(one.scores.size).toBe(0);
    one.correct(bare.lines[0]![1]!, "two");
    expect(rates(one)).toEqual({ a: 0, b: 1 / 3, c: 0, [VOTE]: 0 });
  });
});

describe("corrections", () => {
  test("an undone one is gone for good where another follows", () => {
    const [one] = session();
    const [first, second] = [view().lines[0]![0]!, view().lines[0]![1]!];
    one.correct(first, "uno");
    one.undo();
    one.correct(second, "dos");
    expect(one.canRedo).toBe(false);
    expect([...one.corrections.values()]).toEqual(["dos"]);
  });

  test("stay where a new view of the kernel moves the boxes a little", () => {
    const [one, model] = session();
    one.correct(view().lines[0]![1]!, "dos");
    const moved = view();
    moved.lines[0]![1] = { ...moved.lines[0]![1]!, id: "102,1,181,21", box: [102, 1, 181, 21] };
    model.set("view", told(moved));
    expect(one.corrections.get("102,1,181,21")).toBe("dos");
  });

  test("kept ones are there, and can be taken back", () => {
    const kept = { ...view(), kept: { "0,0,80,20": "uno" } };
    const [one] = session({ view: told(kept) });
    expect(one.corrections.get("0,0,80,20")).toBe("uno");
    one.correct(kept.lines[0]![0]!, null);
    expect(one.corrections.size).toBe(0);
  });

  test("what the browser kept is there in a new model, in which nobody typed", () => {
    const [one] = session();
    one.correct(view().lines[0]![0]!, "uno");
    const [again] = session();
    expect([...again.corrections.values()]).toEqual(["uno"]);
  });

  test("what others typed since is not overwritten by what the browser kept", () => {
    const [one] = session();
    one.correct(view().lines[0]![0]!, "uno");
    const [again] = session({ history: { edits: [{ page: "page", cell: "0,0,80,20", text: "eins" }], done: 1 } });
    expect([...again.corrections.values()]).toEqual(["eins"]);
  });

  test("rubbish in the browser's storage is none", () => {
    localStorage.setItem("ocr-plugins:corrections:key", '[{"cell": 3}, {"cell": "0,0,80,20"}, 7');
    expect(session()[0].corrections.size).toBe(0);
  });
});

describe("walking", () => {
  test("goes over doubtful words, the most doubtful first, and leaves out what was checked", () => {
    const [one, model] = session();
    one.doubtfulStep(1);
    expect(model.get("selected")).toBe("100,0,180,20");
    one.correct(one.selected!.cell, "two");
    one.doubtfulStep(1);
    expect(model.get("selected")).not.toBe("100,0,180,20");
  });

  test("lists what a reading confuses", () => {
    const [one] = session();
    expect(one.confusionsOf("b")).toEqual([{ wanted: "w", read: "v", cells: ["100,0,180,20"] }]);
  });
});

describe("a page that is opened from the table of all pages", () => {
  const other = (): View => ({ ...view(), id: "other", pending: false });

  test("shows the word that the reading has wrong, once the words are there", () => {
    const [one, model] = session();
    one.openAt("other", "b");
    expect(model.get("page")).toBe("other");
    model.set("view", told({ ...other(), lines: [], pending: true }));
    expect(one.selected).toBeUndefined();
    model.set("view", told(other()));
    expect(one.selected!.cell.id).toBe(cell(1, "", "").id);
  });

  test("shows the most doubtful word where nothing is known to be wrong", () => {
    const [one, model] = session({ view: told({ ...view(), truth: null }) });
    one.openAt("page", "a");
    expect(model.get("selected")).toBe(one.doubtful[0]!.cell.id);
  });

  test("is left alone by a page that comes in between", () => {
    const [one, model] = session();
    one.openAt("other", "b");
    model.set("view", told(view()));
    expect(one.selected).toBeUndefined();
  });
});

describe("a word that is selected", () => {
  const moved = (): View => {
    const next = view();
    const word = next.lines[0]![1]!;
    next.lines[0]![1] = { ...word, id: "100,0,183,20", box: [100, 0, 183, 20] };
    return next;
  };

  test("is the same one where another engine has moved its box a little", () => {
    const [one, model] = session();
    one.select("100,0,180,20");
    model.set("view", told(moved()));
    expect(one.selected!.cell.id).toBe("100,0,183,20");
    one.step(1);
    expect(one.selected!.cell.id).toBe("200,0,280,20");
  });

  test("stays while the page's words are worked out anew", () => {
    const [one, model] = session();
    one.select("100,0,180,20");
    expect(one.selected).toBeDefined();
    model.set("view", told({ ...view(), lines: [], pending: true }));
    expect(one.selected!.cell.id).toBe("100,0,180,20");
    model.set("view", told({ ...view(), id: "other", lines: [], pending: true }));
    expect(one.selected).toBeUndefined();
  });
});

describe("fields", () => {
  const field = (id: string, value: string, kept: string | null = null): FoundField => ({
    id,
    name: id.slice("field:".length),
    kind: "amount",
    value,
    unit: "",
    probability: 0.9,
    boxes: [],
    others: [],
    notes: [],
    kept,
  });
  const found = (kept: string | null = null): Found => ({ page: "page", fields: [field("field:total", "9.00", kept), field("field:tax", "")], error: null });

  test("are mended, undone and done again, and are no words that were checked", () => {
    const [one] = session({ found: found() });
    one.mend("page", one.found!.fields[0]!, " 19.00 ");
    expect([...one.mended]).toEqual([["field:total", "19.00"]]);
    expect(one.corrections.size).toBe(0);
    one.undo();
    expect(one.mended.size).toBe(0);
    one.redo();
    expect(one.mended.get("field:total")).toBe("19.00");
    one.mend("page", one.found!.fields[0]!, null);
    expect(one.mended.size).toBe(0);
  });

  test("are no words where they have a word's box either", () => {
    const box = "0,0,80,20";
    const one: FoundField = { ...field(`field:dates@${box}`, "one"), boxes: [[0, 0, 80, 20]] };
    const [here] = session({ found: { page: "page", fields: [one], error: null } });
    here.correct(here.find(box)!.cell, "uno");
    here.mend("page", one, "2018-01-26");
    expect([...here.corrections]).toEqual([[box, "uno"]]);
    here.mend("page", one, null);
    expect([...here.corrections]).toEqual([[box, "uno"]]);
  });

  test("of one name in one word stay apart where its box moves", () => {
    const two = (box: [number, number, number, number]): Found => ({
      page: "page",
      fields: ["", "#2"].map((number) => ({ ...field(`field:dates@${box.join()}${number}`, "one"), boxes: [box] })),
      error: null,
    });
    const [here, model] = session({ found: two([0, 0, 80, 20]) });
    here.found!.fields.forEach((one, place) => here.mend("page", one, `${place}`));
    model.set("found", two([1, 0, 81, 20]));
    expect([...here.mended]).toEqual([["field:dates@1,0,81,20", "0"], ["field:dates@1,0,81,20#2", "1"]]);
  });

  test("that were undone from another page stay undone", () => {
    const [one, model] = session({ found: found() });
    one.mend("page", one.found!.fields[0]!, "19.00");
    const other = { ...view(), id: "other", key: "other" };
    model.set("view", told(other));
    one.undo();
    model.set("view", told(view()));
    expect(one.history.done).toBe(0);
    expect(one.mended.size).toBe(0);
  });

  test("keep what was said of them before until it is taken back", () => {
    const [one] = session({ found: found("8.00") });
    expect(one.mended.get("field:total")).toBe("8.00");
    one.mend("page", one.found!.fields[0]!, null);
    expect(one.mended.size).toBe(0);
  });

  test("have what was said of them where they stood a little elsewhere", () => {
    const here = (id: string, x: number): FoundField => ({ ...field(id, "9.00"), name: "amounts", boxes: [[x, 0, x + 100, 20]] });
    const [one, model] = session({ found: { ...found(), fields: [here("field:amounts@0,0,100,20", 0), here("field:amounts@200,0,300,20", 200)] } });
    one.mend("page", one.found!.fields[1]!, "9.50");
    model.set("found", { ...found(), fields: [here("field:amounts@3,0,103,20", 3), here("field:amounts@203,0,303,20", 203)] });
    expect([...one.mended]).toEqual([["field:amounts@203,0,303,20", "9.50"]]);
    one.mend("other", one.found!.fields[0]!, "1.00");
    expect(one.mended.size).toBe(1);
  });

  test("are those of the page that is shown", () => {
    const [one, model] = session({ found: { ...found(), page: "other" } });
    expect(one.found).toBeNull();
    model.set("found", found());
    expect(one.found!.fields.length).toBe(2);
  });

  test("are kept in this browser", () => {
    const [one] = session({ found: found() });
    one.mend("page", one.found!.fields[1]!, "0.54");
    const [again] = session({ found: found() });
    expect(again.mended.get("field:tax")).toBe("0.54");
  });
});

describe("what this browser kept", () => {
  const keep = (at: number, ...texts: string[]): void => {
    const edits = texts.map((text, place) => ({ page: "page", cell: `${place * 100},0,${place * 100 + 80},20`, text }));
    localStorage.setItem("ocr-plugins:corrections:key", JSON.stringify({ at, edits }));
  };

  test("is taken where Python has not heard of it", () => {
    keep(2000, "uno");
    const [one] = session({ view: told({ ...view(), kept: { "0,0,80,20": "old" }, kept_at: 1000 }) });
    expect(one.corrections.get("0,0,80,20")).toBe("uno");
  });

  test("is left where Python has written since", () => {
    keep(1000, "teh");
    const [one] = session({ view: told({ ...view(), kept: { "0,0,80,20": "the" }, kept_at: 2000 }) });
    expect(one.corrections.get("0,0,80,20")).toBe("the");
    expect(one.history.edits).toEqual([]);
  });

  test("is all there once all words are, though some came first", () => {
    keep(2000, "uno", "dos", "tres");
    const [one, model] = session({ view: told({ ...view(), lines: [view().lines[0]!.slice(1)] }) });
    model.set("view", told(view()));
    expect([...one.corrections.values()]).toEqual(["uno", "dos", "tres"]);
  });
});
