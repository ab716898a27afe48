/** What Python is asked for once, and what it tells: things to try, previews, files on their way. */

import type { AnyModel } from "@anywidget/types";
import type { Asked, Offer, Preview, State, Told, Upload } from "./state";

/** Bytes of a piece: notebooks lose messages of more than some 10 MB. */
const PIECE = 2 ** 21;
/** Milliseconds after which it is told that a kernel says nothing. */
const PATIENCE = 20_000;
const SILENT = "the kernel does not answer: it is busy with a cell, or gone";

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
  private count = 0;
  /** Tells the files of this view from those of others. */
  private readonly mine = Math.random().toString(36).slice(2);

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
      this.count += 1;
      const transfer = `${this.mine}-${this.count}`;
      this.report({ transfer, name: file.name, got: 0, size: file.size, error: null });
      this.queue = this.queue.then(() => this.sendOne(transfer, file));
    }
  }

  forget(transfer: string): void {
    this.uploads = this.uploads.filter((one) => one.transfer !== transfer);
    this.changed();
  }

  private async sendOne(transfer: string, file: File): Promise<void> {
    const about = { transfer, name: file.name, size: file.size };
    let at = 0;
    do {
      let told: Upload;
      try {
        const piece = await file.slice(at, at + PIECE).arrayBuffer();
        const answered = this.answered({ ...about, got: at, error: `${file.name}: ${SILENT}` });
        this.ask({ do: "upload", ...about, at }, [piece]);
        told = await answered;
      } catch {
        told = { ...about, got: 0, error: `${file.name} cannot be read by the browser` };
      }
      this.report(told);
      if (told.error) return;
      at = told.got;
    } while (at < file.size);
    this.forget(transfer);
  }

  /** What Python says of a piece, however late: a kernel that is busy takes it in the end. */
  private answered(silent: Upload): Promise<Upload> {
    return new Promise((resolve) => {
      const late = setTimeout(() => this.report(silent), PATIENCE);
      this.answer = (told) => {
        if (told.transfer !== silent.transfer) return;
        clearTimeout(late);
        resolve(told);
      };
    });
  }

  private report(upload: Upload): void {
    const others = this.uploads.filter((one) => one.transfer !== upload.transfer);
    this.uploads = [...others, upload];
    this.changed();
  }
}
