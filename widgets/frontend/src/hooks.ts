import { useEffect, useReducer, useState } from "preact/hooks";
import type { Session } from "./session";

/** Draws a component again whenever the session has changed. */
export function useSession(session: Session): void {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => session.subscribe(() => again(undefined as never)), [session]);
}

/** A picture as an image that is loaded, null until it is. */
export function useImage(data: DataView | null, type: string): HTMLImageElement | null {
  const [image, setImage] = useState<HTMLImageElement | null>(null);
  useEffect(() => {
    // Saved state comes as an ArrayBuffer, a live kernel's as a view of one.
    if (!data || data.byteLength === 0) {
      setImage(null);
      return undefined;
    }
    const url = URL.createObjectURL(new Blob([data as unknown as BlobPart], { type }));
    const loading = new Image();
    loading.onload = () => setImage(loading);
    loading.src = url;
    return () => {
      loading.onload = null;
      URL.revokeObjectURL(url);
    };
  }, [data, type]);
  return image;
}
