/** The browser's votes, scores and differences against Python's (tests/widgets/golden.py). */

import { describe, expect, test } from "vitest";
import { differences } from "../src/differences";
import { cer, f1, score, wer } from "../src/score";
import type { Cell, Method, View } from "../src/state";
import { vote } from "../src/vote";
import golden from "./golden.json";

const VOTERS = ["a", "b", "c", "d", "e"];

describe("as Python has it", () => {
  test.each(golden.votes.map((one, place) => [place, one] as const))("vote %i", (_, one) => {
    const voters = VOTERS.slice(0, one.cell.said.length);
    const cell = { ...one.cell, id: "c", box: null, truth: null, right: [], learned: { text: "", probability: 0, shares: [] } } as Cell;
    const view = { voters, lines: [[cell]] } as unknown as View;
    const without = voters.filter((_, place) => !one.heard.includes(place));
    const [[found]] = vote(view, { method: one.method as Method, without }) as [[ReturnType<typeof vote>[0][0]]];
    expect(found!.text).toBe(one.text);
    expect(found!.probability).toBeCloseTo(one.probability, 6);
    const shares = [...found!.shares];
    expect(shares.map(([text]) => text)).toEqual(one.shares.map(([text]) => text));
    shares.forEach(([, share], place) => expect(share).toBeCloseTo(one.shares[place]![1] as number, 6));
  });

  test.each(golden.scores.map((one, place) => [place, one] as const))("score %i", (_, one) => {
    const found = score(one.reference, one.read);
    expect(found).toEqual({
      errors: one.errors,
      length: one.length,
      wordErrors: one.wordErrors,
      words: one.words,
      matches: one.matches,
      read: one.found,
    });
    expect([cer(found), wer(found), f1(found)]).toEqual([one.cer, one.wer, one.f1]);
  });

  test.each(golden.differences.map((one, place) => [place, one] as const))("difference %i", (_, one) => {
    expect(differences(one.wanted, one.read)).toEqual(one.pieces);
  });
});
