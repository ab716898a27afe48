/** All pages under all engines: who reads best, and where to look; a click leads to the page and the word. */

import { useState } from "preact/hooks";
import type { Session } from "./session";
import type { Board as Known, BoardRow } from "./state";

/** Pages that are listed at first, and with each further click. */
const SOME = 50;

const percent = (share: number | null, digits = 2): string => (share === null ? "" : (share * 100).toFixed(digits));

export function Board({ session, board, onLook }: { session: Session; board: Known; onLook: (label: string) => void }) {
  const [by, setBy] = useState(0);
  const [count, setCount] = useState(SOME);
  // What is worst stands first: there is something to see.
  const pages = [...board.pages].sort((one, other) => (other.rates[by] ?? -1) - (one.rates[by] ?? -1));
  const go = (page: string, label: string): void => {
    onLook(label);
    session.openAt(page, label);
  };
  return (
    <section class="board" aria-label="All pages">
      {board.advice ? <p class="advice">{board.advice}</p> : null}
      <table>
        <caption>
          {board.scored ? "Errors on all pages against the ground truth, percent" : "Expected errors on all pages, percent: there is no ground truth"}
        </caption>
        <thead>
          <tr>
            <th scope="col">engine</th>
            <th scope="col">CER</th>
            <th scope="col">95 %</th>
            <th scope="col">WER</th>
            <th scope="col">word F1</th>
            <th scope="col">s a page</th>
            <th scope="col">pages</th>
            <th scope="col">failed</th>
          </tr>
        </thead>
        <tbody>
          {board.rows.map((row, place) => (
            <tr key={row.label} class={place === 0 && rateOf(row) !== null ? "best" : ""}>
              <th scope="row">{row.label}</th>
              {row.error ? (
                <td class="why" colSpan={7}>
                  {row.error}
                </td>
              ) : (
                <>
                  <td>{row.cer !== null ? percent(row.cer) : row.expected !== null ? `≈ ${percent(row.expected, 1)}` : ""}</td>
                  <td>{row.low !== null && row.high !== null ? `${percent(row.low, 1)}–${percent(row.high, 1)}` : ""}</td>
                  <td>{percent(row.wer)}</td>
                  <td>{percent(row.f1, 1)}</td>
                  <td>{row.seconds?.toFixed(2) ?? ""}</td>
                  <td>{row.pages}</td>
                  <td>{row.errors || ""}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      <div class="pages">
        <table>
          <caption>{board.scored ? "CER of each page, percent; a click opens it at an error" : "Expected CER of each page, percent; a click opens it at a doubtful word"}</caption>
          <thead>
            <tr>
              <th scope="col">page</th>
              {board.rows.map((row, place) => (
                <th key={row.label} scope="col" aria-sort={place === by ? "descending" : "none"}>
                  <button type="button" class="look" title={`the worst of ${row.label} first`} onClick={() => setBy(place)}>
                    {row.label}
                    {place === by ? " ▾" : ""}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {pages.slice(0, count).map((page) => (
              <tr key={page.id} class={page.id === session.view?.id ? "here" : ""}>
                <th scope="row">
                  <button type="button" class="look" onClick={() => go(page.id, board.rows[by]?.label ?? "")}>
                    {page.title}
                  </button>
                </th>
                {board.rows.map((row, place) => (
                  <td key={row.label} style={{ "--rate": Math.sqrt(Math.min(page.rates[place] ?? 0, 1)) }} class="rate">
                    {page.rates[place] != null ? (
                      <button
                        type="button"
                        class="look"
                        aria-label={`${page.title}, ${row.label}: ${percent(page.rates[place]!, 1)} percent`}
                        onClick={() => go(page.id, row.label)}
                      >
                        {percent(page.rates[place]!, 1)}
                      </button>
                    ) : (
                      ""
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {pages.length > count ? (
          <button type="button" onClick={() => setCount(count + SOME)}>
            {Math.min(SOME, pages.length - count)} more of {pages.length} pages
          </button>
        ) : null}
      </div>
    </section>
  );
}

const rateOf = (row: BoardRow): number | null => row.cer ?? row.expected;
