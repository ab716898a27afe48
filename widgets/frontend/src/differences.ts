/** What differs between two texts, cluster by cluster, as ocr_plugins.evaluation.diff_segments has it. */

import { graphemes } from "./graphemes";

/** A run that both sides share, or that differs; "" where a side has nothing. */
export interface Piece {
  same: boolean;
  wanted: string;
  read: string;
}

/** The shortest edit script (Levenshtein); of several the one that rapidfuzz takes, so that Python agrees. */
export function differences(wanted: string, read: string): Piece[] {
  const [left, right] = [graphemes(wanted), graphemes(read)];
  const [one, other] = [left.map(composed), right.map(composed)];
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start += 1;
  let [i, j] = [one.length, other.length];
  while (i > start && j > start && one[i - 1] === other[j - 1]) [i, j] = [i - 1, j - 1];
  const tail = one.length - i;
  const costs = costsOf(one.slice(start, i), other.slice(start, j));
  // Steps from the end: which of the two texts went on by a cluster, and whether they were the same.
  const steps: [boolean, boolean, boolean][] = Array.from({ length: tail }, () => [true, true, true]);
  [i, j] = [i - start, j - start];
  while (i > 0 || j > 0) {
    if (j === 0 || (i > 0 && costs[j]![i]! === costs[j]![i - 1]! + 1)) steps.push([true, false, false]), (i -= 1);
    else if (i === 0 || costs[j - 1]![i]! < costs[j - 1]![i - 1]!) steps.push([false, true, false]), (j -= 1);
    else steps.push([true, true, one[start + i - 1] === other[start + j - 1]]), (i -= 1), (j -= 1);
  }
  for (let place = 0; place < start; place += 1) steps.push([true, true, true]);
  return pieces(left, right, steps.reverse());
}

const composed = (cluster: string): string => cluster.normalize("NFC");

/** Distances of all beginnings: a row for each of the second text's. */
function costsOf(one: string[], other: string[]): number[][] {
  const rows = [one.map((_, place) => place)];
  rows[0]!.push(one.length);
  for (let j = 1; j <= other.length; j += 1) {
    const above = rows[j - 1]!;
    const row = [j];
    for (let i = 1; i <= one.length; i += 1) {
      const step = one[i - 1] === other[j - 1] ? 0 : 1;
      row.push(Math.min(above[i - 1]! + step, above[i]! + 1, row[i - 1]! + 1));
    }
    rows.push(row);
  }
  return rows;
}

function pieces(left: string[], right: string[], steps: [boolean, boolean, boolean][]): Piece[] {
  const found: Piece[] = [];
  let [i, j] = [0, 0];
  for (const [inLeft, inRight, same] of steps) {
    let last = found.at(-1);
    if (!last || last.same !== same) found.push((last = { same, wanted: "", read: "" }));
    if (inLeft) last.wanted += left[i++];
    if (inRight) last.read += right[j++];
  }
  return found;
}

/** What was read as what, how often, and in which cells; the most frequent first. */
export interface Confusion {
  wanted: string;
  read: string;
  cells: string[];
}

/** Longer differences are no confusions but whole words that were missed. */
const LONGEST = 3;

export function confusions(pairs: Iterable<[string, string, string]>): Confusion[] {
  const found = new Map<string, Confusion>();
  for (const [id, wanted, read] of pairs) {
    if (wanted === read) continue;
    for (const piece of differences(wanted, read)) {
      if (piece.same || piece.wanted.length > LONGEST || piece.read.length > LONGEST) continue;
      const key = `${piece.wanted}\0${piece.read}`;
      let confusion = found.get(key);
      if (!confusion) found.set(key, (confusion = { wanted: piece.wanted, read: piece.read, cells: [] }));
      confusion.cells.push(id);
    }
  }
  return [...found.values()].sort((one, other) => other.cells.length - one.cells.length);
}
