import { Batch } from "../base/batch.ts";
import { ByteReader } from "../base/bytes.ts";
import type { AskingTask } from "../runtime/task.ts";
import { ROWS } from "./frames.ts";
import type { Inbox } from "./handover.ts";
import type { TaskFormat } from "./hosted-task.ts";

const MOST_ROWS = 1_000;

/** Hands a task the rows that come to it: those that come one behind the other, as bytes, as one batch. */
export class RowInlet {
  /** Handed in since the beginning. */
  rows = 0;
  readonly #task: AskingTask;
  readonly #format: TaskFormat;
  readonly #inbox: Inbox;
  readonly #reader = new ByteReader();
  readonly #batches: readonly Batch[];
  /** The input whose rows wait to be handed in. */
  #waiting: number | undefined;

  constructor(task: AskingTask, format: TaskFormat, inbox: Inbox) {
    this.#task = task;
    this.#format = format;
    this.#inbox = inbox;
    this.#batches = format.inputs.map((layout) => new Batch(layout, MOST_ROWS));
  }

  /** Takes the payload of a `TO_TASK.batch` frame in. CLUSTER_ROWS_GONE. */
  take(payload: Buffer): void {
    const input = payload[0]!;
    const reader = this.#reader.reset(payload, 2, payload.length);
    if (payload[1] === ROWS.handed) {
      this.#takeHanded(input, reader);
      return;
    }
    if (this.#waiting !== input) this.handIn();
    this.#waiting = input;
    const batch = this.#batches[input]!;
    this.#format.readRows(input, reader, batch);
    if (batch.count >= MOST_ROWS) this.handIn();
  }

  /** Hands in what waits: before anything that came behind it. */
  handIn(): void {
    if (this.#waiting === undefined) return;
    const input = this.#waiting;
    this.#waiting = undefined;
    const batch = this.#batches[input]!;
    this.#bring(input, batch);
    batch.clear();
  }

  /** Nobody hands rows over any more. */
  close(): void {
    this.#inbox.close();
  }

  /** They are many already, where there are many. */
  #takeHanded(input: number, reader: ByteReader): void {
    this.handIn();
    const ticket = { lane: reader.uint(), number: reader.uint() };
    this.#inbox.take(ticket, (batch) => this.#bring(input, batch));
  }

  #bring(input: number, batch: Batch): void {
    this.rows += batch.count;
    this.#task.batch(input, batch);
  }
}
