/**
 * What Python and the browser share, as widgets/state.py has it: a test holds the two against each other.
 *
 * Python writes `view` and `picture`; the browser writes `history`, `ballot` and `selected`, and never waits
 * for an answer.
 */

/** x0, y0, x1, y1 in pixels of the page. */
export type Box = [number, number, number, number];

/** One engine of the study, or a vote of it. */
export interface Engine {
  label: string;
  /** The engine's name: those of one name repeat each other's errors. */
  name: string;
  spec: string;
  /** Whether it says how sure it is; else what stands in `Cell.sure` is a guess. */
  confident: boolean;
  /** All that it read, "" where it failed. */
  text: string;
  /** What the page took, null where nobody knows. */
  seconds: number | null;
  /** The error rate that is expected without ground truth, as a fraction; null where nothing is. */
  expected: number | null;
  /** Why it could not read the page. */
  error: string | null;
  /** Why it has no say in votes though it read. */
  dropped: string | null;
}

/** What is said in each reading, in the order of `View.voters`; one string where all say the same. */
export type Said = string | string[];

/** The learned vote: it needs more than the browser has, so it comes along. */
export interface Learned {
  text: string;
  probability: number;
  /** Candidates with their shares of the vote, best first. */
  shares: [string, number][];
}

/** A word, or as much of a line as lies between two spaces on which all readings agree. */
export interface Cell {
  id: string;
  box: Box | null;
  said: Said;
  /** The parts on which all agree and those on which they differ; absent where all agree. */
  spans?: Said[];
  /** How sure each engine is, 0 to 1, of its least sure word there; null where it has none. */
  sure: (number | null)[];
  /** The same as the probability that it is right; null where nobody has measured that. */
  right: (number | null)[];
  /** Places of the readings that cannot tell between what others say. */
  quiet?: number[];
  /** Which pieces of the ground truth stand here: the first, and how many. */
  truth: [number, number] | null;
  learned: Learned;
}

/** One page as all engines read it. */
export interface View {
  id: string;
  title: string;
  /** SHA-256 of what was read: corrections belong to it. */
  key: string;
  /** Width and height in pixels. */
  size: [number, number];
  engines: Engine[];
  /** Labels of the readings in the cells, best standing first. */
  voters: string[];
  lines: Cell[][];
  /** The boxes of each engine's words, four numbers each. */
  layers: Record<string, number[]>;
  /** The ground truth in pieces, with the white space behind each; null where there is none. */
  truth: string[] | null;
  /** What a person said of cells before, by id. */
  kept: Record<string, string>;
  /** Why there is nothing to see. */
  error: string | null;
}

/** What a person said of a cell: "" for nothing there, null to take it back. */
export interface Edit {
  page: string;
  cell: string;
  text: string | null;
}

/** All edits in order; those from `done` on were undone and can be done again. */
export interface History {
  edits: Edit[];
  done: number;
}

export type Method = "majority" | "confidence" | "learned";

/** Who votes, and how. */
export interface Ballot {
  method: Method;
  /** Labels that have no vote. */
  without: string[];
}

/** How far an engine is. */
export interface Progress {
  label: string;
  done: number;
  total: number;
  state: "waiting" | "starting" | "reading" | "done" | "failed";
  /** Seconds that are left, null where nobody can tell yet. */
  left: number | null;
}

export interface PageTitle {
  id: string;
  title: string;
}

export interface State {
  pages: PageTitle[];
  page: string;
  view: View | null;
  picture: DataView | null;
  picture_type: string;
  selected: string;
  ballot: Ballot;
  history: History;
  progress: Progress[];
  running: boolean;
  notice: string;
}
