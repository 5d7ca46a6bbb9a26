import { randomBytes } from "node:crypto";
import { Batch, type Layout } from "../base/batch.ts";
import { BytesColumn } from "../base/columns.ts";
import { raise } from "../base/errors.ts";

/** Rows that wait for a task, and bytes of them; with more, those who hand it rows wait. A barrier has them in front of it. */
const MOST_ROWS = 16 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;
/** Batches that are kept for later, of each input, and the bytes that each of them may have. */
const MOST_KEPT = 16;
const MOST_KEPT_BYTES = 512 * 1024;

/**
 * The tasks of one process that take rows as they are from others in it, without Flink: what travels through Flink is a
 * ticket, in the place of the rows, and whoever gets it takes them. So rows keep their place among all else in their channel,
 * control elements and barriers, and no checkpoint has a ticket in it, since none has anything that is in flight.
 */
export class Handover {
  readonly #inboxes = new Map<string, Inbox>();

  /** A subtask of a task takes rows from now on, until it closes what this gives. */
  open(task: number, subtask: number, inputs: readonly Layout[]): Inbox {
    const name = `${task}/${subtask}`;
    const inbox: Inbox = new Inbox(inputs, () => {
      if (this.#inboxes.get(name) === inbox) this.#inboxes.delete(name);
    });
    this.#inboxes.set(name, inbox);
    return inbox;
  }

  /** Where rows for a subtask are put; undefined where it is in another process. */
  of(task: number, subtask: number): Inbox | undefined {
    return this.#inboxes.get(`${task}/${subtask}`);
  }
}

/** What stands for rows on their way: nobody but the inbox that they are in can do anything with it. */
export interface Ticket {
  /** Of the inbox, at random: below 2^48. */
  readonly inbox: number;
  readonly number: number;
}

/** Rows that wait for one subtask, from whoever is in its process. */
export class Inbox {
  readonly #id = randomBytes(6).readUIntLE(0, 6);
  readonly #inputs: readonly Layout[];
  readonly #onClose: () => void;
  readonly #waiting = new Map<number, Batch>();
  readonly #free: readonly Batch[][];
  #tickets = 0;
  #rows = 0;
  #bytes = 0;
  #whenRoom = new Set<() => void>();

  constructor(inputs: readonly Layout[], onClose: () => void) {
    this.#inputs = inputs;
    this.#onClose = onClose;
    this.#free = inputs.map(() => []);
  }

  /** So much waits that nothing is to be put in but what a barrier waits for. */
  get isFull(): boolean {
    return this.#rows >= MOST_ROWS || this.#bytes >= MOST_BYTES;
  }

  /** Calls once, when something has been taken out, or nothing will be any more. */
  whenRoom(tell: () => void): void {
    this.#whenRoom.add(tell);
  }

  /** An empty batch for rows of an input, to be `put`. */
  lend(input: number): Batch {
    return this.#free[input]!.pop() ?? new Batch(this.#inputs[input]!);
  }

  /** Lets rows wait, which are not the caller's any more. */
  put(batch: Batch): Ticket {
    const number = ++this.#tickets;
    this.#waiting.set(number, batch);
    this.#count(batch, 1);
    return { inbox: this.#id, number };
  }

  /** The rows that a ticket stands for, to be given back. CLUSTER_ROWS_GONE where they are not here. */
  take({ inbox, number }: Ticket): Batch {
    const batch = inbox === this.#id ? this.#waiting.get(number) : undefined;
    if (batch === undefined) return raise("CLUSTER_ROWS_GONE", {});
    this.#waiting.delete(number);
    this.#count(batch, -1);
    if (!this.isFull) this.#tellRoom();
    return batch;
  }

  /** Nobody looks at the rows any more. */
  giveBack(input: number, batch: Batch): void {
    const free = this.#free[input]!;
    if (free.length >= MOST_KEPT || heapBytes(batch) > MOST_KEPT_BYTES) return;
    batch.clear();
    free.push(batch);
  }

  /** Nobody takes anything out any more. */
  close(): void {
    this.#onClose();
    this.#waiting.clear();
    this.#rows = this.#bytes = 0;
    this.#tellRoom();
  }

  #count(batch: Batch, sign: 1 | -1): void {
    this.#rows += sign * batch.count;
    this.#bytes += sign * bytesOf(batch);
  }

  #tellRoom(): void {
    if (this.#whenRoom.size === 0) return;
    const told = this.#whenRoom;
    this.#whenRoom = new Set();
    for (const tell of told) tell();
  }
}

/** About as many as its rows take: numbers, and the bytes that others point at. */
function bytesOf(batch: Batch): number {
  let bytes = batch.count * batch.columns.length * 8;
  for (const column of batch.columns) if (column instanceof BytesColumn) bytes += column.used;
  return bytes;
}

/** What it keeps when it is emptied. */
function heapBytes(batch: Batch): number {
  let bytes = 0;
  for (const column of batch.columns) if (column instanceof BytesColumn) bytes += column.heap.length;
  return bytes;
}
