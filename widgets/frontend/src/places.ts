/** Which word is where. */

import Flatbush from "flatbush";
import type { Box, Cell } from "./state";

/** A cell with its place in the page. */
export interface Placed {
  cell: Cell;
  line: number;
  place: number;
}

/** Boxes are missed by so many pixels of the page and still meant. */
const NEAR = 4;
/** Two boxes are of the same word where they share so much of what both cover. */
const SAME = 0.5;

export class Places {
  private readonly index: Flatbush | null;
  private readonly cells: Cell[];

  constructor(placed: Placed[]) {
    this.cells = placed.map(({ cell }) => cell).filter((cell) => cell.box);
    this.index = this.cells.length ? new Flatbush(this.cells.length) : null;
    for (const { box } of this.cells) this.index?.add(...(box as Box));
    this.index?.finish();
  }

  /** The cell at a point of the page: of several the smallest. */
  at(x: number, y: number): Cell | undefined {
    let found: Cell | undefined;
    for (const place of this.index?.search(x - NEAR, y - NEAR, x + NEAR, y + NEAR) ?? []) {
      const cell = this.cells[place]!;
      if (!found || area(cell.box!) < area(found.box!)) found = cell;
    }
    return found;
  }

  /** The cell that is where another one is called to be: the two share half of what they cover at least. */
  like(id: string): Cell | undefined {
    const box = boxIn(id);
    return box && mostShared(box, (this.index?.search(...box) ?? []).map((place) => [this.cells[place]!, this.cells[place]!.box!]));
  }

  /** The nearest cell above (-1) or below (1) a box. */
  beside(box: Box, way: 1 | -1): Cell | undefined {
    if (!this.index) return undefined;
    const [x, y] = middle(box);
    const height = box[3] - box[1];
    let found: Cell | undefined;
    let least = Infinity;
    for (const cell of this.cells) {
      const [cx, cy] = middle(cell.box!);
      const down = (cy - y) * way;
      // Words of the same line are not above or below.
      if (down < height * 0.6) continue;
      const away = down + 2 * Math.max(0, cell.box![0] - x, x - cell.box![2]) + Math.abs(cx - x) * 0.01;
      if (away < least) [least, found] = [away, cell];
    }
    return found;
  }
}

/** The box that a cell or a field is called by: `BOX` or `NAME@BOX`, with a number behind it where two are alike. */
export function boxIn(id: string): Box | undefined {
  const box = id.split("#")[0]!.split("@").at(-1)!.split(",").map(Number);
  return box.length !== 4 || box.some(Number.isNaN) ? undefined : (box as Box);
}

/** Of things with their boxes the one that shares most with a box, and half of what both cover at least. */
export function mostShared<T>(box: Box, things: Iterable<[T, Box]>): T | undefined {
  let found: T | undefined;
  let most = SAME;
  for (const [thing, there] of things) {
    const share = shared(box, there);
    if (share >= most) [most, found] = [share, thing];
  }
  return found;
}

/** The box around several. */
export const around = (boxes: Box[]): Box => [
  Math.min(...boxes.map((box) => box[0])),
  Math.min(...boxes.map((box) => box[1])),
  Math.max(...boxes.map((box) => box[2])),
  Math.max(...boxes.map((box) => box[3])),
];

/** Of some boxes, at least one, the largest. */
export const largest = (boxes: Box[]): Box => boxes.reduce((one, other) => (area(other) > area(one) ? other : one));

const area = (box: Box): number => (box[2] - box[0]) * (box[3] - box[1]);
function shared(one: Box, other: Box): number {
  const wide = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const high = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  return wide <= 0 || high <= 0 ? 0 : (wide * high) / (area(one) + area(other) - wide * high);
}
const middle = (box: Box): [number, number] => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];

/** One path around many boxes: much faster to draw than as many rectangles. */
export function pathOf(boxes: Iterable<Box>): string {
  let path = "";
  for (const [x0, y0, x1, y1] of boxes) path += `M${x0} ${y0}H${x1}V${y1}H${x0}Z`;
  return path;
}

export function* boxesOf(numbers: number[]): Generator<Box> {
  for (let place = 0; place + 3 < numbers.length; place += 4) {
    yield numbers.slice(place, place + 4) as Box;
  }
}

export const boxesOfCells = (cells: Iterable<Cell>): Box[] => [...cells].flatMap((cell) => (cell.box ? [cell.box] : []));
