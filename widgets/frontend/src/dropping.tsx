/** Pages that are dropped on the widget, or chosen in a dialog. */

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Desk } from "./desk";

/** Texts are the ground truth of the page that is called like them. */
const KINDS = "image/*,.pdf,.tif,.tiff,.txt";

/** Takes files that are dropped on what is in it. */
export function Dropping({ desk, children }: { desk: Desk | null; children: ComponentChildren }) {
  const [over, setOver] = useState(false);
  if (!desk) return <>{children}</>;
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  return (
    <div
      class={over ? "dropping over" : "dropping"}
      onDragOver={(event) => {
        if (!hasFiles(event)) return;
        // The notebook would open the file itself.
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOver(false)}
      onDrop={(event) => {
        setOver(false);
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.stopPropagation();
        desk.send(event.dataTransfer!.files);
      }}
    >
      {children}
    </div>
  );
}

export function Choose({ desk, children }: { desk: Desk; children: ComponentChildren }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => field.current?.click()}>
        {children}
      </button>
      <input
        ref={field}
        class="hidden"
        type="file"
        multiple
        accept={KINDS}
        tabIndex={-1}
        aria-label="Pages to read, and texts that are their ground truth"
        onChange={(event) => {
          desk.send(event.currentTarget.files ?? []);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

/** Files on their way, and why others could not come. */
export function Uploads({ desk }: { desk: Desk }) {
  if (!desk.uploads.length) return null;
  return (
    <ul class="uploads">
      {desk.uploads.map((one) => (
        <li key={one.transfer}>
          {one.error ? (
            <>
              <span role="alert">{one.error}</span>
              <button type="button" aria-label={`forget ${one.name}`} onClick={() => desk.forget(one.transfer)}>
                ×
              </button>
            </>
          ) : (
            <label>
              {one.name} <progress max={Math.max(one.size, 1)} value={one.got} />
            </label>
          )}
        </li>
      ))}
    </ul>
  );
}
