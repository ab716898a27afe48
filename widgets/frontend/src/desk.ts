/** What Python is asked for once, and what it tells: things to try, previews, files on their way. */

import type { AnyModel } from "@anywidget/types";
import type { Asked, Offer, Preview, State, Told, Upload } from "./state";

/** Bytes of a piece: notebooks lose messages of more than some 10 MB. */
const PIECE = 2 ** 21;
/** Milliseconds after which a kernel that says nothing is taken for gone. */
const PATIENCE = 60_000;
const GONE = "the kernel does not answer: run the cell again";

/** A preview with its picture. */
export interface Seen extends Preview {
  picture: DataView | null;
}

export class Desk {
  offer: Offer | null = null;
  preview: Seen | null = null;
  /** Files on their way, and those that could not come. */
  uploads: Upload[] = [];
  private queue: Promise<void> = Promise.resolve();
  private answer: ((told: Upload) => void) | null = null;

  constructor(
    private readonly model: AnyModel<State>,
    private readonly changed: () => void,
    stop: AbortSignal,
  ) {
    model.on("msg:custom", this.heard);
    stop.addEventListener("abort", () => model.off("msg:custom", this.heard));
  }

  private readonly heard = (told: Told, buffers: DataView[] = []): void => {
    if (told.offer) this.offer = told.offer;
    if (told.preview) this.preview = { ...told.preview, picture: buffers[0]?.byteLength ? buffers[0] : null };
    if (told.upload) this.answer?.(told.upload);
    this.changed();
  };

  ask(asked: Asked, buffers?: ArrayBuffer[]): void {
    this.model.send(asked, undefined, buffers);
  }

  askOffer(): void {
    if (!this.offer) this.ask({ do: "offer" });
  }

  /** Sends files one after the other, pages before the texts that are their ground truth. */
  send(files: Iterable<File>): void {
    const isText = (file: File): boolean => /\.txt$/i.test(file.name);
    for (const file of [...files].sort((one, other) => Number(isText(one)) - Number(isText(other)))) {
      this.report({ name: file.name, got: 0, size: file.size, error: null });
      this.queue = this.queue.then(() => this.sendOne(file));
    }
  }

  forget(name: string): void {
    this.uploads = this.uploads.filter((one) => one.name !== name);
    this.changed();
  }

  private async sendOne(file: File): Promise<void> {
    let at = 0;
    do {
      let told: Upload;
      try {
        const piece = await file.slice(at, at + PIECE).arrayBuffer();
        const answered = this.answered(file);
        this.ask({ do: "upload", name: file.name, at, size: file.size }, [piece]);
        told = await answered;
      } catch {
        told = { name: file.name, got: 0, size: file.size, error: `${file.name} cannot be read by the browser` };
      }
      this.report(told);
      if (told.error) return;
      at = told.got;
    } while (at < file.size);
    this.forget(file.name);
  }

  private answered(file: File): Promise<Upload> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve({ name: file.name, got: 0, size: file.size, error: GONE }), PATIENCE);
      this.answer = (told) => {
        if (told.name !== file.name) return;
        clearTimeout(late);
        resolve(told);
      };
    });
  }

  private report(upload: Upload): void {
    const others = this.uploads.filter((one) => one.name !== upload.name);
    this.uploads = [...others, upload];
    this.changed();
  }
}
