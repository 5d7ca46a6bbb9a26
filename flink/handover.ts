import { randomBytes } from "node:crypto";
import { Batch, type Layout } from "../base/batch.ts";
import { BytesColumn } from "../base/columns.ts";
import { raise } from "../base/errors.ts";

/** Rows of a lane that wait, and bytes of them; with more, the task that puts them there waits. */
const MOST_ROWS = 16 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;
/** Batches that each lane keeps for later, and the bytes that each of them may have. */
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
  /** Of the lane that they are in, at random: below 2^48. */
  readonly lane: number;
  readonly number: number;
}

/**
 * Rows that wait for one subtask, from whoever is in its process. Each task that puts some in has a lane of its own for each
 * input: so none is held up by what another has put in, which may wait for a barrier that comes by the first.
 */
export class Inbox {
  readonly #inputs: readonly Layout[];
  readonly #onClose: () => void;
  readonly #lanes = new Map<number, Lane>();
  /** Of each input, the one that was entered last. */
  readonly #last: (Lane | undefined)[] = [];

  constructor(inputs: readonly Layout[], onClose: () => void) {
    this.#inputs = inputs;
    this.#onClose = onClose;
  }

  /**
   * A lane into an input, until whoever asks for it leaves it, or this is closed. An input has one task in front of it in this
   * process, and all tasks are started together: when another enters, what one has left behind was of a former start.
   */
  enter(input: number): Lane {
    const before = this.#last[input];
    if (before?.isLeft === true) this.#forget(before);
    const lane: Lane = new Lane(this.#inputs[input]!, () => {
      // Who has ended as it should is the last, and its tickets are still on their way.
      if (this.#last[input] !== lane) this.#forget(lane);
    });
    this.#last[input] = lane;
    this.#lanes.set(lane.id, lane);
    return lane;
  }

  /** Hands over the rows that a ticket stands for, valid during the call. CLUSTER_ROWS_GONE where they are not here. */
  take({ lane, number }: Ticket, use: (batch: Batch) => void): void {
    if (this.#lanes.get(lane)?.take(number, use) !== true) raise("CLUSTER_ROWS_GONE", {});
  }

  /** Nobody takes anything out any more. */
  close(): void {
    this.#onClose();
    for (const lane of this.#lanes.values()) this.#forget(lane);
  }

  #forget(lane: Lane): void {
    this.#lanes.delete(lane.id);
    lane.close();
  }
}

/** What one task puts into an input of another: its rows wait here, in batches, until their tickets come. */
export class Lane {
  /** At random. */
  readonly id = randomBytes(6).readUIntLE(0, 6);
  readonly #layout: Layout;
  readonly #onLeave: () => void;
  readonly #waiting = new Map<number, Batch>();
  readonly #free: Batch[] = [];
  #tickets = 0;
  #rows = 0;
  #bytes = 0;
  #isClosed = false;
  #isLeft = false;
  #whenRoom: (() => void) | undefined;

  constructor(layout: Layout, onLeave: () => void) {
    this.#layout = layout;
    this.#onLeave = onLeave;
  }

  /** So much waits that nothing is to be put in but what a barrier waits for. */
  get isFull(): boolean {
    return this.#rows >= MOST_ROWS || this.#bytes >= MOST_BYTES;
  }

  /** Nobody takes anything out any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Nobody puts anything in any more. */
  get isLeft(): boolean {
    return this.#isLeft;
  }

  /** Calls once, when so much has been taken out that it is not full, or nothing will be any more. */
  whenRoom(tell: () => void): void {
    this.#whenRoom = tell;
  }

  /** An empty batch, to be `put`. */
  lend(): Batch {
    return this.#free.pop() ?? new Batch(this.#layout);
  }

  /** Lets rows wait, which are not the caller's any more. */
  put(batch: Batch): Ticket {
    const number = ++this.#tickets;
    if (!this.#isClosed) {
      this.#waiting.set(number, batch);
      this.#count(batch, 1);
    }
    return { lane: this.id, number };
  }

  /** False where they are not here; others are valid during the call. */
  take(number: number, use: (batch: Batch) => void): boolean {
    const batch = this.#waiting.get(number);
    if (batch === undefined) return false;
    this.#waiting.delete(number);
    this.#count(batch, -1);
    if (!this.isFull) this.#tellRoom();
    use(batch);
    this.#keep(batch);
    return true;
  }

  /** Nobody puts anything in any more; what waits can still be taken, unless somebody else has entered. */
  leave(): void {
    this.#isLeft = true;
    this.#whenRoom = undefined;
    this.#onLeave();
  }

  /** Forgets all that waits. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.clear();
    this.#rows = this.#bytes = 0;
    this.#tellRoom();
  }

  #keep(batch: Batch): void {
    if (this.#free.length >= MOST_KEPT || heapBytes(batch) > MOST_KEPT_BYTES) return;
    batch.clear();
    this.#free.push(batch);
  }

  #count(batch: Batch, sign: 1 | -1): void {
    this.#rows += sign * batch.count;
    this.#bytes += sign * bytesOf(batch);
  }

  #tellRoom(): void {
    const tell = this.#whenRoom;
    this.#whenRoom = undefined;
    tell?.();
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
