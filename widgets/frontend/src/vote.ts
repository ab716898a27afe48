/** Votes in the browser, as ocr_plugins.ensemble.voting holds them; tests compare the two. */

import type { Ballot, Cell, Said, View } from "./state";

/** What a vote takes in one cell, how likely that is right, and the candidates' shares. */
export interface Decision {
  text: string;
  probability: number;
  shares: Map<string, number>;
}

const WRONG = 10;
const SUREST = 0.995;
const LEAST_SURE = 0.02;
/** Even odds: those of a reading that says nothing either way. */
const EVEN = 1 / (1 + WRONG);
/** How likely a reading is right that says nothing where others have text. */
const NOTHING = 0.5;

export const at = (said: Said, place: number): string => (typeof said === "string" ? said : (said[place] ?? ""));

const bounded = (sure: number): number => Math.min(Math.max(sure, LEAST_SURE), SUREST);

const logit = (sure: number): number => {
  const known = bounded(sure);
  return Math.log(known / (1 - known));
};

type Tally = (strings: string[], weights: number[]) => Map<string, number>;

const shares: Tally = (strings, weights) => {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const found = new Map<string, number>();
  strings.forEach((string, place) => found.set(string, (found.get(string) ?? 0) + weights[place]! / total));
  return found;
};

const posterior: Tally = (strings, weights) => {
  const odds = new Map<string, number>();
  strings.forEach((string, place) =>
    odds.set(string, (odds.get(string) ?? 0) + logit(weights[place]!) + Math.log(WRONG)),
  );
  const most = Math.max(...odds.values());
  // What no reading says may be right as well.
  let total = Math.exp(-most);
  for (const value of odds.values()) total += Math.exp(value - most);
  return new Map([...odds].map(([string, value]) => [string, Math.exp(value - most) / total]));
};

const ranked = (found: Map<string, number>): Map<string, number> =>
  new Map([...found].sort(([, one], [, other]) => other - one));

const first = (found: Map<string, number>): [string, number] => {
  let best: [string, number] = ["", -1];
  for (const [string, share] of found) if (share > best[1]) best = [string, share];
  return best;
};

function decided(cell: Cell, heard: number[], weights: number[], tally: Tally): Decision {
  const scores = tally(heard.map((place) => at(cell.said, place)), weights);
  let text = "";
  let probability = 1;
  for (const span of cell.spans ?? [cell.said]) {
    const [best, share] = first(tally(heard.map((place) => at(span, place)), weights));
    text += best;
    probability = Math.min(probability, share);
  }
  return { text, probability: scores.get(text) ?? probability, shares: ranked(scores) };
}

const majority = (cell: Cell, heard: number[]): Decision => {
  const quiet = new Set(cell.quiet ?? []);
  const all = heard.every((place) => quiet.has(place));
  return decided(cell, heard, heard.map((place) => (all || !quiet.has(place) ? 1 : 0)), shares);
};

const confidence = (cell: Cell, heard: number[]): Decision => {
  const weights = heard.map((place) => (cell.quiet?.includes(place) ? EVEN : (cell.sure[place] ?? NOTHING)));
  if (weights.length === 1) {
    const text = at(cell.said, heard[0]!);
    return { text, probability: bounded(weights[0]!), shares: new Map([[text, 1]]) };
  }
  return decided(cell, heard, weights, posterior);
};

/** Where somebody is left out, what is left of the shares of those who are heard. */
const learned = (cell: Cell, heard: number[], all: boolean): Decision => {
  const known = new Map(cell.learned.shares);
  if (all) return { text: cell.learned.text, probability: cell.learned.probability, shares: ranked(known) };
  const said = new Set(heard.map((place) => at(cell.said, place)));
  const kept = [...said].map((string): [string, number] => [string, Math.max(known.get(string) ?? 0, 1e-6)]);
  const total = kept.reduce((sum, [, share]) => sum + share, 0);
  const left = new Map(kept.map(([string, share]) => [string, share / total]));
  const [text, probability] = first(left);
  return { text, probability, shares: ranked(left) };
};

/** The places of the readings that are heard. */
export const heardIn = (view: View, ballot: Ballot): number[] =>
  view.voters.flatMap((label, place) => (ballot.without.includes(label) ? [] : [place]));

/** The vote of a page, a decision a cell, line by line. Where nobody is heard nothing is taken. */
export function vote(view: View, ballot: Ballot): Decision[][] {
  const heard = heardIn(view, ballot);
  const all = heard.length === view.voters.length;
  const decide = (cell: Cell): Decision => {
    if (!heard.length) return { text: "", probability: 0, shares: new Map() };
    if (ballot.method === "majority") return majority(cell, heard);
    if (ballot.method === "confidence") return confidence(cell, heard);
    return learned(cell, heard, all);
  };
  return view.lines.map((line) => line.map(decide));
}

/** How much the readings that are heard differ on a cell: 0 where all agree, towards 1 where none do. */
export function disagreement(cell: Cell, heard: number[]): number {
  if (typeof cell.said === "string" || heard.length < 2) return 0;
  const counts = new Map<string, number>();
  for (const place of heard) {
    const text = cell.said[place] ?? "";
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / heard.length) * Math.log(count / heard.length);
  return entropy / Math.log(heard.length);
}
