/** Which engine reads this page best, and what it costs. */

import { OURS } from "./hosts";
import { cer, f1, wer } from "./score";
import { type Session, VOTE } from "./session";
import type { Method } from "./state";

interface Props {
  session: Session;
  layers: Set<string>;
  onLayer: (label: string) => void;
  looked: string;
  onLook: (label: string) => void;
}

const METHODS: [Method, string][] = [
  ["learned", "learned: by how sure, and how good each engine is"],
  ["confidence", "confidence: by how sure each engine says it is"],
  ["majority", "majority: all alike"],
];

/** What is read with options that are only tried is called so. */
const TRIED = "tried";
/** From such an error rate on it is not the engines that are wrong. */
const UNLIKE = 0.75;

const rate = (share: number): string => (share * 100).toFixed(2);

export function Scores({ session, layers, onLayer, looked, onLook }: Props) {
  const view = session.view!;
  const { scores, ballot } = session;
  const rates = [...scores.values()].map(cer);
  const best = Math.min(...rates);
  const checked = session.corrections.size;
  const known = scores.size > 0;
  const estimated = view.engines.some((engine) => engine.expected !== null);
  const rows = [...view.engines.map((engine) => engine.label), VOTE];
  return (
    <section class="scores" aria-label="Engines">
      {session.hasTruth && rates.length && best > UNLIKE ? (
        <p class="notice">No reading is like the ground truth: is it that of another page?</p>
      ) : null}
      <table>
        <caption>
          {session.hasTruth
            ? "Errors against the ground truth, percent"
            : known
              ? `Errors in the ${checked} ${checked === 1 ? "word" : "words"} that you checked, percent`
              : estimated
                ? "Expected errors, percent: there is no ground truth"
                : "No ground truth: correct words to score the engines"}
        </caption>
        <thead>
          <tr>
            <th scope="col">engine</th>
            <th scope="col">boxes</th>
            <th scope="col">votes</th>
            <th scope="col">
              <abbr title="character error rate, percent">CER</abbr>
            </th>
            <th scope="col">
              <abbr title="word error rate, percent">WER</abbr>
            </th>
            <th scope="col">
              <abbr title="F1 of the words whatever their order, percent">word F1</abbr>
            </th>
            <th scope="col">
              <abbr title="seconds for this page">s</abbr>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((label, place) => {
            const engine = view.engines[place];
            const score = scores.get(label);
            return (
              <tr key={label} class={score && cer(score) === best ? "best" : ""}>
                <th scope="row">
                  <button type="button" class="look" aria-pressed={looked === label} title="show what it confuses" onClick={() => onLook(label)}>
                    <span class={engine ? `key engine-${place % 8}` : "key of-vote"} aria-hidden="true" />
                    {label}
                  </button>
                  {engine && session.desk ? (
                    <button type="button" class="look away" aria-label={`take ${label} out`} onClick={() => session.desk?.ask({ do: "drop", label })}>
                      ×
                    </button>
                  ) : null}
                  {engine && engine.label === TRIED ? <small>{engine.spec}</small> : null}
                  {engine?.dropped && !engine.error ? <small>no vote: {engine.dropped}</small> : null}
                </th>
                <td>
                  {engine && view.layers[label] ? (
                    <input type="checkbox" aria-label={`boxes of ${label}`} checked={layers.has(label)} onChange={() => onLayer(label)} />
                  ) : null}
                </td>
                <td>
                  {engine && view.voters.includes(label) ? (
                    <input
                      type="checkbox"
                      aria-label={`${label} votes`}
                      checked={!ballot.without.includes(label)}
                      onChange={() => session.toggleVoter(label)}
                    />
                  ) : null}
                </td>
                {engine?.error ? (
                  <td class="why" colSpan={3}>
                    {engine.error}
                  </td>
                ) : score ? (
                  <>
                    <td>{rate(cer(score))}</td>
                    <td>{rate(wer(score))}</td>
                    <td>{(f1(score) * 100).toFixed(1)}</td>
                  </>
                ) : (
                  <>
                    <td class="expected">{engine?.expected != null ? `≈ ${(engine.expected * 100).toFixed(1)}` : ""}</td>
                    <td />
                    <td />
                  </>
                )}
                <td>{engine?.seconds != null ? engine.seconds.toFixed(2) : ""}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {view.voters.length ? (
        <label class="method">
          The vote counts{" "}
          <select {...OURS} value={ballot.method} onChange={(event) => session.setBallot({ method: event.currentTarget.value as Method })}>
            {METHODS.map(([method, told]) => (
              <option key={method} value={method}>
                {told}
              </option>
            ))}
          </select>
        </label>
      ) : null}
    </section>
  );
}
