/** What an engine takes for what; a row lights up every such word on the page. */

import type { Confusion } from "./differences";
import type { Session } from "./session";

interface Props {
  session: Session;
  label: string;
  chosen: string;
  onChoose: (confusion: Confusion | null, key: string) => void;
}

const MOST = 12;
export const keyOf = (one: Confusion): string => `${one.wanted}\0${one.read}`;
const shown = (text: string) => (text === "" ? <i>nothing</i> : text === " " ? <i>space</i> : <bdi>{text}</bdi>);

export function Confused({ session, label, chosen, onChoose }: Props) {
  const found = session.confusionsOf(label).slice(0, MOST);
  return (
    <section class="confused" aria-label={`What ${label} confuses`}>
      <h3>{label} takes</h3>
      {found.length ? (
        <ul>
          {found.map((one) => {
            const key = keyOf(one);
            const pressed = chosen === key;
            return (
              <li key={key}>
                <button type="button" aria-pressed={pressed} onClick={() => onChoose(pressed ? null : one, key)}>
                  {shown(one.wanted)} <span aria-label="for">→</span> {shown(one.read)} <b>{one.cells.length}×</b>
                </button>
              </li>
            );
          })}
        </ul>
      ) : (
        <p>{session.hasTruth || session.corrections.size ? "nothing for anything else" : "known once there is ground truth, or words are corrected"}</p>
      )}
    </section>
  );
}
