/** Another engine, other options, other steps: seen at once as the engine would see the page, then read. */

import { useEffect, useState } from "preact/hooks";
import type { Desk } from "./desk";
import { OURS } from "./hosts";
import type { Session } from "./session";
import { type Plan, specOf, type Step } from "./specs";
import type { Offered, Option } from "./state";

/** Milliseconds without another change after which a preview is asked for. */
const CALM = 250;

interface Props {
  session: Session;
  desk: Desk;
  plan: Plan;
  onPlan: (plan: Plan) => void;
  seeing: boolean;
  onSee: (seeing: boolean) => void;
  onClose: () => void;
}

export function Trying({ session, desk, plan, onPlan, seeing, onSee, onClose }: Props) {
  const { offer } = desk;
  const [live, setLive] = useState(false);
  const engine = offer?.engines.find((one) => one.name === plan.engine);
  const ready = engine?.state === "ready";
  const spec = specOf(plan);
  const page = session.view?.id ?? "";
  const steps = plan.steps.length > 0;
  useEffect(() => desk.askOffer(), [desk]);
  useEffect(() => {
    if (!offer || engine) return;
    // At first one that reads the page already.
    const offered = offer.engines.map((one) => one.name);
    const first = session.view?.engines.find((one) => offered.includes(one.name))?.name ?? offered[0];
    if (first) onPlan({ ...plan, engine: first });
  }, [offer, engine]);
  useEffect(() => {
    if (!seeing || !steps || !page || !engine) return undefined;
    const later = setTimeout(() => desk.ask({ do: "preview", spec, page }), CALM);
    return () => clearTimeout(later);
  }, [seeing, spec, page, engine]);
  useEffect(() => {
    if (!live || !page || !ready) return undefined;
    const later = setTimeout(() => desk.ask({ do: "try", spec, page }), 2 * CALM);
    return () => clearTimeout(later);
  }, [live, spec, page, ready]);
  if (!offer || !engine) return <p class="notice">Asking what can be tried…</p>;

  const told = desk.preview?.spec === spec && desk.preview.page === page ? desk.preview : null;
  const add = (name: string): void => onPlan({ ...plan, steps: [...plan.steps, { name, options: {} }] });
  const change = (place: number, step: Step | null): void =>
    onPlan({ ...plan, steps: plan.steps.flatMap((one, here) => (here === place ? (step ?? []) : one)) });
  return (
    <section class="trying" aria-label="Try another reading">
      <div class="choices">
        <label>
          engine{" "}
          <select {...OURS} value={engine.name} onChange={(event) => onPlan({ ...plan, engine: event.currentTarget.value, options: {} })}>
            {offer.engines.map((one) => (
              <option key={one.name} value={one.name}>
                {one.state === "ready" ? one.name : `${one.name} (not installed)`}
              </option>
            ))}
          </select>
        </label>
        <Fields of={engine} values={plan.options} onChange={(options) => onPlan({ ...plan, options })} />
      </div>
      <div class="steps">
        {plan.steps.map((step, place) => {
          const offered = offer.steps.find((one) => one.name === step.name);
          return (
            <fieldset key={place}>
              <legend>
                {step.name}{" "}
                <button type="button" aria-label={`take ${step.name} out`} onClick={() => change(place, null)}>
                  ×
                </button>
              </legend>
              {offered ? <Fields of={offered} values={step.options} onChange={(options) => change(place, { ...step, options })} /> : null}
            </fieldset>
          );
        })}
        <label>
          {steps ? "then " : "before it reads "}
          <select {...OURS} value="" onChange={(event) => event.currentTarget.value && add(event.currentTarget.value)}>
            <option value="">{steps ? "another step…" : "nothing is done to the page"}</option>
            {offer.steps.map((one) => (
              <option key={one.name} value={one.name} title={one.help}>
                {one.name}: {one.help}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="choices">
        <code class="spec">{spec}</code>
        <button type="button" aria-pressed={seeing} disabled={!steps} onClick={() => onSee(!seeing)}>
          as the engine sees it
        </button>
        <label>
          <input type="checkbox" checked={live} onChange={(event) => setLive(event.currentTarget.checked)} /> read at every change
        </label>
        <button type="button" disabled={!ready || !page} onClick={() => desk.ask({ do: "try", spec, page })}>
          Read this page
        </button>
        <button type="button" disabled={!ready} onClick={() => desk.ask({ do: "add", spec })}>
          Add it for all pages
        </button>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      <p class="hint" role="status">
        {!ready ? engine.state : told?.error ? told.error : seeing && steps && told ? changedBy(told.steps) : ""}
      </p>
    </section>
  );
}

const changedBy = (steps: string[]): string => (steps.length ? `This page was changed by ${steps.join(", ")}.` : "These steps leave this page as it is.");

interface FieldsProps {
  of: Offered;
  values: Record<string, string>;
  onChange: (values: Record<string, string>) => void;
}

function Fields({ of, values, onChange }: FieldsProps) {
  const set = (name: string, value: string | null): void => {
    const { [name]: _, ...others } = values;
    onChange(value === null ? others : { ...others, [name]: value });
  };
  return (
    <>
      {of.options.map((option) => (
        <label key={option.name} title={option.help}>
          {option.name} <Field option={option} value={values[option.name] ?? null} onChange={(value) => set(option.name, value)} />
        </label>
      ))}
    </>
  );
}

/** What is left as it is, is not written. */
function Field({ option, value, onChange }: { option: Option; value: string | null; onChange: (value: string | null) => void }) {
  const choices = option.choices ?? (option.kind === "flag" ? ["true", "false"] : null);
  if (choices) {
    return (
      <select {...OURS} value={value ?? ""} onChange={(event) => onChange(event.currentTarget.value || null)}>
        <option value="">{option.default || "default"}</option>
        {choices
          .filter((one) => one !== option.default)
          .map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
      </select>
    );
  }
  return (
    <input
      {...OURS}
      type="text"
      inputMode={option.kind === "number" ? "decimal" : "text"}
      spellcheck={false}
      value={value ?? ""}
      placeholder={option.default}
      onInput={(event) => onChange(event.currentTarget.value.trim() || null)}
      onKeyDown={(event) => event.stopPropagation()}
    />
  );
}
