/** What was taken out of the page: typed fields, marked on it, to be mended by hand. */

import { useRef, useState } from "preact/hooks";
import { HiddenHead } from "./head";
import { OURS } from "./hosts";
import { fieldCalled, plain, type Session } from "./session";
import type { Found, FoundField } from "./state";

interface Props {
  session: Session;
  /** Whether they are marked on the page. */
  marked: boolean;
  onMark: () => void;
  /** The one that is looked at, by its id. */
  chosen: string;
  onChoose: (id: string) => void;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

export function Fields({ session, marked, onMark, chosen, onChoose }: Props) {
  const [all, setAll] = useState(false);
  const keyOf = useKeys(session.found);
  if (session.model.get("found") === null) return null;
  const { found, mended } = session;
  const fields = found?.fields ?? [];
  const there = (field: FoundField): boolean => field.value !== "" || mended.has(field.id);
  const missing = fields.filter((field) => !there(field)).length;
  // Nothing was looked for yet.
  const unread = missing === fields.length && !found?.error && session.view?.voters.length === 0;
  const names = new Map<string, number>();
  return (
    <section class="fields" aria-label="Fields">
      <h3>
        fields
        <label>
          <input type="checkbox" checked={marked} onChange={onMark} /> on the page
        </label>
        {missing && !unread ? (
          <button type="button" class="look" aria-expanded={all} onClick={() => setAll(!all)}>
            {missing} not found {all ? "▴" : "▾"}
          </button>
        ) : null}
      </h3>
      {found?.error ? <p class="notice">{found.error}</p> : null}
      {found && !unread ? null : <p>taken out when an engine has read the page</p>}
      <table hidden={unread || (!all && missing === fields.length)}>
        <HiddenHead columns={["field", "value", "how sure"]} />
        <tbody>
          {fields.map((field) => {
            const number = (names.get(field.name) ?? 0) + 1;
            names.set(field.name, number);
            return (
              <Row
                key={keyOf.get(field.id)}
                session={session}
                page={found!.page}
                field={field}
                called={number === 1 ? field.name : `${field.name} ${number}`}
                said={mended.get(field.id)}
                hidden={!all && !there(field)}
                chosen={field.id === chosen}
                onChoose={onChoose}
              />
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** A key for each field by its id, which stays with it where its box moves: what is being typed is not lost. */
function useKeys(found: Found | null): Map<string, string> {
  const known = useRef({ page: "", count: 0, keys: new Map<string, string>() });
  const now = known.current;
  if (!found) return now.keys;
  const fields = found.fields;
  const before = now.page === found.page ? now.keys : new Map<string, string>();
  const keys = new Map<string, string>();
  for (const [id, key] of before) {
    const here = fieldCalled(id, fields);
    if (here !== undefined && (id === here || !before.has(here))) keys.set(here, key);
  }
  for (const { id } of fields) {
    if (!keys.has(id)) keys.set(id, String((now.count += 1)));
  }
  known.current = { page: found.page, count: now.count, keys };
  return keys;
}

interface RowProps {
  session: Session;
  page: string;
  field: FoundField;
  /** What it is called for those who only hear it. */
  called: string;
  /** What a person said of it. */
  said: string | undefined;
  hidden: boolean;
  chosen: boolean;
  onChoose: (id: string) => void;
}

function Row({ session, page, field, called, said, hidden, chosen, onChoose }: RowProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const value = said ?? field.value;
  const say = (text: string | null): void => {
    session.mend(page, field, text);
    setTyped(null);
  };
  return (
    // What is being typed in stays where it is.
    <tr class={chosen ? "chosen" : ""} hidden={hidden && typed === null}>
      <th scope="row">
        <button
          type="button"
          class="look"
          aria-label={`show ${called}`}
          aria-pressed={chosen}
          title="show where it stands"
          onClick={() => onChoose(chosen ? "" : field.id)}
        >
          {field.name}
        </button>
      </th>
      <td>
        <span class="value">
          <input
            {...OURS}
            type="text"
            dir="auto"
            spellcheck={false}
            autocomplete="off"
            aria-label={called}
            placeholder={said === "" ? "not on the page" : ""}
            value={typed ?? value}
            onFocus={() => onChoose(field.id)}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onBlur={() => {
              // Leaving it as it is says nothing of it.
              if (typed !== null && plain(typed) !== value) say(typed);
              else setTyped(null);
            }}
            onKeyDown={(event) => {
              event.stopPropagation();
              if (event.key === "Enter") {
                event.preventDefault();
                say(typed ?? value);
              }
              if (event.key === "Escape") setTyped(null);
            }}
          />
          {field.unit && said === undefined ? <small>{field.unit}</small> : null}
        </span>
        {said === undefined
          ? field.others.map(([text, sure]) => (
              <button
                key={text}
                type="button"
                class="other"
                aria-label={`${called}: ${text}`}
                title={`${percent(sure)} sure`}
                // What is being typed is given up for it.
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => say(text)}
              >
                or <bdi>{text}</bdi>
              </button>
            ))
          : null}
        {said === undefined ? field.notes.map((note) => <small key={note}>{note}</small>) : null}
      </td>
      <td>
        {said !== undefined ? (
          <>
            you
            <button
              type="button"
              class="look"
              aria-label={`take back ${called}`}
              title={`found: ${field.value || "nothing"}`}
              onClick={() => say(null)}
            >
              ↺
            </button>
          </>
        ) : field.value ? (
          <span class="bar" title="probability that it is right">
            <span class="fill" style={{ width: `${field.probability * 100}%` }} />
            <span class="number">{percent(field.probability)}</span>
          </span>
        ) : null}
      </td>
    </tr>
  );
}
