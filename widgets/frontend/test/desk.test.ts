/** What is asked of Python, and files that are handed over: in pieces, in order, none lost silently. */

import type { AnyModel } from "@anywidget/types";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Desk } from "../src/desk";
import { specOf } from "../src/specs";
import type { Asked, State, Told } from "../src/state";

type Heard = (told: Told, buffers?: DataView[]) => void;

/** A kernel that takes files as widgets/uploading.py does, up to so many bytes, until it dies. */
class Kernel {
  readonly asked: Asked[] = [];
  readonly files = new Map<string, number>();
  limit = Infinity;
  alive = true;
  heard: Heard = () => {};

  on(_: string, heard: Heard): void {
    this.heard = heard;
  }

  off(): void {
    this.heard = () => {};
  }

  send(asked: Asked, _: unknown, buffers?: ArrayBuffer[]): void {
    this.asked.push(asked);
    if (!this.alive || asked.do !== "upload") return;
    const got = asked.at! + buffers![0]!.byteLength;
    const error = asked.size! > this.limit ? "too large" : null;
    if (!error) this.files.set(asked.name!, got);
    queueMicrotask(() => this.heard({ upload: { transfer: asked.transfer!, name: asked.name!, got: error ? 0 : got, size: asked.size!, error } }));
  }
}

const stop = new AbortController();
let kernel: Kernel;
let desk: Desk;
let changes = 0;

beforeEach(() => {
  kernel = new Kernel();
  changes = 0;
  desk = new Desk(kernel as unknown as AnyModel<State>, () => (changes += 1), stop.signal);
});
afterEach(() => vi.useRealTimers());

const file = (name: string, size: number): File => new File([new Uint8Array(size)], name);
const settled = (): Promise<void> => vi.waitFor(() => expect(desk.uploads.filter((one) => !one.error)).toEqual([]));

describe("files", () => {
  test("come in pieces that notebooks let through", async () => {
    desk.send([file("large.pdf", 5 * 2 ** 20)]);
    expect(desk.uploads).toMatchObject([{ name: "large.pdf", got: 0, size: 5 * 2 ** 20, error: null }]);
    await settled();
    expect(kernel.asked.map((one) => one.at)).toEqual([0, 2 ** 21, 2 ** 22]);
    expect(kernel.files.get("large.pdf")).toBe(5 * 2 ** 20);
  });

  test("come one after the other, pages before their ground truth", async () => {
    desk.send([file("a.txt", 3), file("a.png", 3 * 2 ** 20), file("b.png", 1)]);
    await settled();
    expect(kernel.asked.map((one) => one.name)).toEqual(["a.png", "a.png", "b.png", "a.txt"]);
  });

  test("that are refused say why, and the others come", async () => {
    kernel.limit = 100;
    desk.send([file("large.png", 2 ** 22), file("small.png", 50)]);
    await settled();
    await vi.waitFor(() => expect(kernel.files.get("small.png")).toBe(50));
    expect(desk.uploads).toMatchObject([{ name: "large.png", got: 0, size: 2 ** 22, error: "too large" }]);
    expect(kernel.asked.length).toBe(2);
    desk.forget(desk.uploads[0]!.transfer);
    expect(desk.uploads).toEqual([]);
  });

  test("that a busy kernel takes late are told of, and come in the end", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    kernel.alive = false;
    desk.send([file("page.png", 10), file("page.png", 20)]);
    await vi.waitFor(() => expect(kernel.asked.length).toBe(1));
    await vi.advanceTimersByTimeAsync(21_000);
    expect(desk.uploads[0]!.error ?? desk.uploads[1]!.error).toContain("the kernel does not answer");
    kernel.alive = true;
    const { transfer } = kernel.asked[0]!;
    kernel.heard({ upload: { transfer: "another view's", name: "page.png", got: 10, size: 10, error: null } });
    kernel.heard({ upload: { transfer: transfer!, name: "page.png", got: 10, size: 10, error: null } });
    await vi.waitFor(() => expect(desk.uploads).toEqual([]));
    expect(kernel.files.get("page.png")).toBe(20);
  });
});

describe("what is told", () => {
  test("is an offer that is asked for once", () => {
    desk.askOffer();
    kernel.heard({ offer: { engines: [], steps: [] } });
    desk.askOffer();
    expect(kernel.asked).toEqual([{ do: "offer" }]);
    expect(desk.offer).toEqual({ engines: [], steps: [] });
    expect(changes).toBe(1);
  });

  test("is a preview with its picture, or with none", () => {
    const preview = { page: "p", spec: "crnn", steps: [], size: [1, 1] as [number, number], type: "image/png", error: null };
    kernel.heard({ preview }, [new DataView(new ArrayBuffer(3))]);
    expect(desk.preview!.picture!.byteLength).toBe(3);
    kernel.heard({ preview: { ...preview, error: "no" } }, [new DataView(new ArrayBuffer(0))]);
    expect(desk.preview!.picture).toBeNull();
  });
});

describe("specs", () => {
  test("name only what differs, and steps with their options", () => {
    expect(specOf({ engine: "crnn", options: {}, steps: [] })).toBe("crnn");
    const steps = [
      { name: "deskew", options: {} },
      { name: "sauvola", options: { window: "31", k: "0.3" } },
    ];
    expect(specOf({ engine: "tesseract", options: { psm: "6" }, steps })).toBe("tesseract:psm=6:pre=deskew+sauvola(window=31;k=0.3)");
  });

  test("take the meaning from signs in values, as ocr_plugins.spec has it", () => {
    expect(specOf({ engine: "tesseract", options: { variables: "a:b,c\\d" }, steps: [] })).toBe("tesseract:variables=a\\:b\\,c\\\\d");
  });
});
