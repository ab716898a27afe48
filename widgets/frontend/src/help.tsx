const KEYS: [string, string][] = [
  ["← →", "the word before, the next word"],
  ["↑ ↓", "the word above, below"],
  ["n, p", "the next doubtful word, the one before"],
  ["Enter", "type what stands there; Enter keeps it, Escape leaves it"],
  ["y", "yes: the vote is right here; on to the next doubtful word"],
  ["Delete", "take a correction back"],
  ["u, r", "undo, redo; also Ctrl+Z, Ctrl+Y"],
  ["1 to 9", "boxes of an engine"],
  ["h", "the heat map of disagreement"],
  ["+ − 0", "zoom in, out, all of the page; also Ctrl and the wheel. Drag to move"],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <section class="help" aria-label="Keys">
      <dl>
        {KEYS.map(([key, told]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{told}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </section>
  );
}
