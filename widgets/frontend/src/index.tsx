import type { RenderProps } from "@anywidget/types";
import { render } from "preact";
import { App } from "./app";
import { Session } from "./session";
import type { State } from "./state";
import "./widget.css";

function show({ model, el }: RenderProps<State>): () => void {
  const stop = new AbortController();
  const session = new Session(model, stop.signal);
  render(<App session={session} />, el);
  return () => {
    stop.abort();
    render(null, el);
  };
}

export { standalone } from "./standalone";
export default { render: show };
