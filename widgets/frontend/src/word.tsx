/** One word: its picture, what each engine has there, character by character, and what a person says. */

import { useEffect, useRef } from "preact/hooks";
import { graphemes } from "./graphemes";
import { HiddenHead } from "./head";
import { type Session, VOTE } from "./session";
import type { Cell } from "./state";
import { at } from "./vote";

interface Props {
  session: Session;
  image: HTMLImageElement | null;
  cell: Cell;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

export function Word({ session, image, cell }: Props) {
  const view = session.view!;
  const decision = session.decisions.get(cell.id);
  const correction = session.corrections.get(cell.id);
  const truth = correction ?? session.truthOf(cell);
  const heard = new Set(session.heard);
  return (
    <section class="word" aria-label="Word">
      <Crop image={image} cell={cell} width={view.size[0]} />
      <table class="readings">
        <caption class="hidden">What each engine reads here</caption>
        <HiddenHead columns={["engine", "text", "how sure"]} />
        <tbody>
          {truth !== undefined ? (
            <tr class="truth">
              <th scope="row">{correction !== undefined ? "you" : "truth"}</th>
              <td dir="auto">{truth || <Nothing />}</td>
              <td />
            </tr>
          ) : null}
          {decision ? (
            <tr class="voted">
              <th scope="row">{VOTE}</th>
              <td>
                <Reading parts={[{ text: decision.text, odd: false }]} wrong={truth !== undefined && truth !== decision.text} />
              </td>
              <td>
                <Bar share={decision.probability} title="probability that the vote is right" kind="right" />
              </td>
            </tr>
          ) : null}
          {view.voters.map((label, place) => {
            const engine = view.engines.findIndex((one) => one.label === label);
            const text = at(cell.said, place);
            return (
              <tr key={label} class={heard.has(place) ? "" : "unheard"}>
                <th scope="row">
                  <span class={`key engine-${engine % 8}`} aria-hidden="true" />
                  {label}
                </th>
                <td>
                  <Reading parts={partsOf(cell, place)} wrong={truth !== undefined && truth !== text} />
                </td>
                <td>
                  {view.engines[engine]?.confident && cell.sure[place] != null ? (
                    <Bar share={cell.sure[place]!} title="as sure as the engine says" kind="sure" />
                  ) : null}
                  {cell.right[place] != null ? <Bar share={cell.right[place]!} title="probability that it is right" kind="right" /> : null}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

interface Part {
  text: string;
  /** Whether others have something else there. */
  odd: boolean;
}

/** A reading in the parts on which all agree and those on which they differ. */
export function partsOf(cell: Cell, place: number): Part[] {
  return (cell.spans ?? [cell.said]).map((span) => ({ text: at(span, place), odd: typeof span !== "string" }));
}

function Reading({ parts, wrong }: { parts: Part[]; wrong: boolean }) {
  const empty = parts.every((part) => !part.text);
  return (
    <span class={wrong ? "reading wrong" : "reading"} dir="auto">
      {empty ? <Nothing /> : parts.map((part, place) => <Piece key={place} part={part} />)}
      {wrong ? <span class="cross" role="img" aria-label="wrong" /> : null}
    </span>
  );
}

/** Where readings differ they are underlined, so that colour is not all that tells it. */
function Piece({ part }: { part: Part }) {
  if (!part.odd) return <>{part.text}</>;
  if (!part.text) return <mark class="gap" role="img" aria-label="nothing here" />;
  return <mark>{graphemes(part.text).map((one) => (one === " " ? "\u2423" : one)).join("")}</mark>;
}

const Nothing = () => <i class="nothing">nothing</i>;

function Bar({ share, title, kind }: { share: number; title: string; kind: "sure" | "right" }) {
  return (
    <span class={`bar ${kind}`} role="img" title={`${title}: ${percent(share)}`} aria-label={`${title}: ${percent(share)}`}>
      <span class="fill" style={{ width: `${share * 100}%` }} />
      <span class="number" aria-hidden="true">
        {Math.round(share * 100)}
      </span>
    </span>
  );
}

/** The word on the page, enlarged, with a little around it. */
function Crop({ image, cell, width }: { image: HTMLImageElement | null; cell: Cell; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const here = canvas.current;
    const context = here?.getContext("2d");
    if (!here || !context) return;
    const wide = here.clientWidth || 320;
    const high = here.clientHeight || 90;
    const dense = globalThis.devicePixelRatio || 1;
    here.width = wide * dense;
    here.height = high * dense;
    if (!image || !cell.box) return;
    const [x0, y0, x1, y1] = cell.box;
    const around = (y1 - y0) * 0.35;
    const [boxWide, boxHigh] = [x1 - x0 + 2 * around, y1 - y0 + 2 * around];
    const scale = Math.min(wide / boxWide, high / boxHigh);
    const inPicture = image.naturalWidth / width;
    const [showWide, showHigh] = [wide / scale, high / scale];
    const [left, top] = [(x0 + x1 - showWide) / 2, (y0 + y1 - showHigh) / 2];
    context.scale(dense, dense);
    context.imageSmoothingQuality = "high";
    context.drawImage(image, left * inPicture, top * inPicture, showWide * inPicture, showHigh * inPicture, 0, 0, wide, high);
    context.strokeStyle = "rgba(214, 92, 0, .9)";
    context.lineWidth = 1.5;
    context.strokeRect((x0 - left) * scale, (y0 - top) * scale, (x1 - x0) * scale, (y1 - y0) * scale);
  }, [image, cell, width]);
  return <canvas class="crop" ref={canvas} role="img" aria-label="picture of the word" />;
}
