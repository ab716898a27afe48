/** Error rates under the convention `default` of ocr_plugins.evaluation; tests compare the two. */

import { distance } from "fastest-levenshtein";
import { encode, graphemes } from "./graphemes";
import type { View } from "./state";

/** Counts of one text against its reference. */
export interface Score {
  errors: number;
  length: number;
  wordErrors: number;
  words: number;
  /** Words that both sides have, whatever their order, and words that were read. */
  matches: number;
  read: number;
}

const SIGNS: [RegExp, string][] = [
  [/[\u2018\u2019\u201a\u201b\u02bc\u2032]/g, "'"],
  [/[\u201c\u201d\u201e\u201f\u2033]/g, '"'],
  [/[\u2010-\u2015\u2212]/g, "-"],
];
// Python's white space, which has the separators U+001C to U+001F and no U+FEFF.
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** The words as they are compared. */
export function seen(text: string): string[] {
  let plain = text.normalize("NFC");
  for (const [sign, ascii] of SIGNS) plain = plain.replace(sign, ascii);
  return plain.split(SPACES).filter(Boolean);
}

export function score(reference: string, read: string): Score {
  const [wanted, found] = [seen(reference), seen(read)];
  const [left, right] = [wanted.join(" "), found.join(" ")];
  const counts = new Map<string, number>();
  for (const word of wanted) counts.set(word, (counts.get(word) ?? 0) + 1);
  let matches = 0;
  for (const word of found) {
    const count = counts.get(word) ?? 0;
    if (count) {
      matches += 1;
      counts.set(word, count - 1);
    }
  }
  const units = graphemes(left);
  return {
    errors: distance(...encode(units, graphemes(right))),
    length: units.length,
    wordErrors: distance(...encode(wanted, found)),
    words: wanted.length,
    matches,
    read: found.length,
  };
}

const NONE: Score = { errors: 0, length: 0, wordErrors: 0, words: 0, matches: 0, read: 0 };

const add = (one: Score, other: Score): Score => ({
  errors: one.errors + other.errors,
  length: one.length + other.length,
  wordErrors: one.wordErrors + other.wordErrors,
  words: one.words + other.words,
  matches: one.matches + other.matches,
  read: one.read + other.read,
});

export const sum = (scores: Score[]): Score => scores.reduce(add, NONE);

/** Errors by length; of an empty reference 1 as soon as anything was read. */
const rate = (errors: number, length: number): number => (errors === 0 ? 0 : length === 0 ? 1 : errors / length);

export const cer = (found: Score): number => rate(found.errors, found.length);
export const wer = (found: Score): number => rate(found.wordErrors, found.words);
export const f1 = (found: Score): number =>
  found.read + found.words === 0 ? 1 : (2 * found.matches) / (found.read + found.words);

/** The ground truth with what a person has said of some cells in the place of what it had there. */
export function correctedTruth(view: View, corrections: Map<string, string>): string | null {
  if (view.truth === null) return null;
  const pieces: string[] = [...view.truth];
  // From the last to the first, so that the places of those before stay what they are.
  const changes = view.lines
    .flat()
    .flatMap((cell) => {
      const text = corrections.get(cell.id);
      return text === undefined || cell.truth === null ? [] : [{ text, first: cell.truth[0], count: cell.truth[1] }];
    })
    .sort((one, other) => other.first - one.first);
  for (const { text, first, count } of changes) {
    const space = count && !/\s$/.test(pieces[first + count - 1] ?? "") ? "" : " ";
    pieces.splice(first, count, text + space);
  }
  return pieces.join("");
}
