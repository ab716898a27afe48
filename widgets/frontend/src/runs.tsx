/** How far the engines are. */

import type { Session } from "./session";
import type { Progress } from "./state";

const minutes = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`;

function told(one: Progress): string {
  if (one.state !== "reading") return one.state;
  return `${one.done} of ${one.total}${one.left === null ? "" : `, ${minutes(one.left)}`}`;
}

export function Runs({ session }: { session: Session }) {
  if (!session.model.get("running")) return null;
  return (
    <section class="runs" aria-label="Reading">
      {session.model.get("progress").map((one) => (
        <label key={one.label} class={one.state}>
          <span>{one.label}</span>
          <progress max={Math.max(one.total, 1)} value={one.done} />
          <small>{told(one)}</small>
        </label>
      ))}
      <button type="button" onClick={() => session.desk?.ask({ do: "cancel" })}>
        Cancel
      </button>
    </section>
  );
}
