/**
 * What Python and the browser share, as widgets/state.py has it: a test holds the two against each other.
 *
 * Python writes `view`, `picture`, `found` and `board`; the browser writes `history`, `ballot` and `selected`, and never
 * waits for an answer.
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
  /** When that was written, in milliseconds since 1970; 0 for never. */
  kept_at: number;
  /** Whether the words are still to come. */
  pending: boolean;
  /** Why there is nothing to see. */
  error: string | null;
}

/** A field of the page, or one that may be on it and was not found: its value is "". */
export interface FoundField {
  /** What a person's word on it is kept by: `field:total`, or `field:amounts@BOX` where there may be several. */
  id: string;
  name: string;
  kind: "text" | "date" | "amount";
  value: string;
  /** An amount's currency. */
  unit: string;
  /** That the value is right. */
  probability: number;
  /** Of the words that it came from. */
  boxes: Box[];
  /** What it may be too, with their probabilities. */
  others: [string, number][];
  /** What is doubtful about it. */
  notes: string[];
  /** What a person said of it before. */
  kept: string | null;
}

/** The fields of a page as the vote and a person's corrections have it. */
export interface Found {
  page: string;
  fields: FoundField[];
  /** What went wrong. */
  error: string | null;
}

/** What a person said of a cell or a field: "" for nothing there, null to take it back. */
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

/** An engine or a vote over all pages; rates are fractions, null where nobody knows. */
export interface BoardRow {
  label: string;
  cer: number | null;
  wer: number | null;
  f1: number | null;
  /** The error rate that is expected without ground truth. */
  expected: number | null;
  /** The 95 % interval of `cer`, or of `expected`. */
  low: number | null;
  high: number | null;
  /** Of a page. */
  seconds: number | null;
  pages: number;
  /** Pages that it could not read. */
  errors: number;
  error: string | null;
}

/** A page; its error rates are in the order of the board's rows. */
export interface BoardPage {
  id: string;
  title: string;
  rates: (number | null)[];
}

/** All pages under all engines. */
export interface Board {
  rows: BoardRow[];
  pages: BoardPage[];
  /** Which engine to take, and how sure that is. */
  advice: string;
  /** Whether the rates of pages are measured; else they are what is expected. */
  scored: boolean;
}

/** An option of an engine or of a step. */
export interface Option {
  name: string;
  help: string;
  kind: "text" | "number" | "flag";
  default: string;
  /** All that are allowed, null where there are others. */
  choices: string[] | null;
  minimum: number | null;
  maximum: number | null;
}

/** An engine or a preprocessing step that can be tried. */
export interface Offered {
  name: string;
  help: string;
  /** "ready", or what is missing. */
  state: string;
  options: Option[];
}

export interface Offer {
  engines: Offered[];
  steps: Offered[];
}

/** A page as an engine would be given it; its picture comes along, unless there is an error. */
export interface Preview {
  page: string;
  spec: string;
  /** Steps that changed something. */
  steps: string[];
  size: [number, number];
  type: string;
  error: string | null;
}

/** How much of a file has arrived, in bytes. */
export interface Upload {
  /** What the browser calls this one by: two files may have one name. */
  transfer: string;
  name: string;
  got: number;
  size: number;
  error: string | null;
}

/** A message from Python: one of these. */
export interface Told {
  offer?: Offer;
  preview?: Preview;
  upload?: Upload;
}

/** A message to Python; widgets/state.py says what each is about. */
export interface Asked {
  do: "cancel" | "offer" | "preview" | "try" | "add" | "drop" | "upload";
  spec?: string;
  page?: string;
  label?: string;
  transfer?: string;
  name?: string;
  at?: number;
  size?: number;
}

export interface State {
  pages: PageTitle[];
  page: string;
  /** A `View` as JSON, "" where there is none: notebooks are saved with a line for each number. */
  view: string;
  picture: DataView | null;
  picture_type: string;
  selected: string;
  ballot: Ballot;
  history: History;
  board: Board | null;
  /** Null where no fields were asked for. */
  found: Found | null;
  progress: Progress[];
  running: boolean;
  notice: string;
}
