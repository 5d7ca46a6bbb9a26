import { Batch } from "../../base/batch.ts";
import { assert } from "../../base/errors.ts";
import type { Control } from "../../dataflow/operator.ts";
import type { Receiver } from "../operators/receiver.ts";
import { decodeBatch, encodeBatch } from "./batch-codec.ts";
import { decodeControl, encodeControl } from "./control-codec.ts";
import { FrameBuffer } from "./frame-buffer.ts";
import type { RingReader, RingWriter } from "./ring.ts";
import { appendRows, heapBytes, heapUsed } from "./rows.ts";

/** Takes the elements of a data channel, in order. */
export interface ChannelHandler extends Receiver {
  barrier(checkpoint: number): void;
}

/** Rows that wait for company are sent when there are so many of them, or so many bytes of texts. */
const MOST_ROWS = 1_000;
const MOST_HEAP_BYTES = 512 * 1024;

/** A batch that a large row has made larger than this is not kept. */
const MANY_BYTES = 1 << 20;

/** A frame has its type and its input in front; what it holds begins here. */
const BODY = 8;
const TYPE = { batch: 0, control: 1, end: 2, barrier: 3 } as const;

/** Frames are put together here by all writers of a thread, each in turn. */
const scratch = new FrameBuffer();

/**
 * The sending end of a data channel. Rows wait until there are enough of them for a frame, or until an element follows
 * that must not overtake them; elements keep the order in which they are given. What the ring has no room for waits in
 * a queue without bounds, so nobody may give more while `isBlocked`.
 */
export class ChannelWriter implements ChannelHandler {
  readonly #ring: RingWriter;
  readonly #waiting = new Map<number, Batch>();
  readonly #queue: Buffer[] = [];

  constructor(ring: RingWriter) {
    this.#ring = ring;
  }

  /** True while the ring has no room for what was given: the task behind must get no further input. */
  get isBlocked(): boolean {
    return this.#queue.length > 0;
  }

  /** Sends what waits, as far as the ring takes it; true when nothing is left here. */
  flush(): boolean {
    this.#sendWaiting();
    let sent = 0;
    while (sent < this.#queue.length && this.#ring.tryWrite(this.#queue[sent]!, 0, this.#queue[sent]!.length)) sent++;
    this.#queue.splice(0, sent);
    return this.#queue.length === 0;
  }

  /** Rows `rows[0 .. count)` of a batch, copied. */
  rows(input: number, batch: Batch, rows: Int32Array, count: number): void {
    let start = 0;
    while (start < count) {
      const waiting = this.#waitingOf(input, batch);
      const end = endOfFrame(waiting, batch, rows, start, count);
      appendRows(waiting, batch, rows, start, end);
      if (waiting.count >= MOST_ROWS || heapUsed(waiting) >= MOST_HEAP_BYTES) this.#sendWaitingOf(input, waiting);
      start = end;
    }
  }

  /** All rows of a batch, as one frame. */
  batch(input: number, batch: Batch): void {
    this.#sendWaiting();
    this.#sendBatch(input, batch);
  }

  control(input: number, element: Control): void {
    this.#sendWaiting();
    begin(TYPE.control, input);
    encodeControl(element, scratch);
    this.#send();
  }

  end(input: number): void {
    this.#sendWaiting();
    begin(TYPE.end, input);
    this.#send();
  }

  /** All that was given so far belongs to this checkpoint. */
  barrier(checkpoint: number): void {
    this.#sendWaiting();
    begin(TYPE.barrier, 0);
    const at = scratch.claim(8);
    scratch.doubles[at >> 3] = checkpoint;
    this.#send();
  }

  #waitingOf(input: number, like: Batch): Batch {
    const known = this.#waiting.get(input);
    if (known !== undefined) return known;
    const waiting = new Batch(like.layout);
    this.#waiting.set(input, waiting);
    return waiting;
  }

  #sendWaiting(): void {
    for (const [input, batch] of this.#waiting) if (batch.count > 0) this.#sendWaitingOf(input, batch);
  }

  #sendWaitingOf(input: number, batch: Batch): void {
    const isLarge = heapUsed(batch) > MANY_BYTES;
    this.#sendBatch(input, batch);
    batch.clear();
    if (isLarge) this.#waiting.delete(input);
  }

  #sendBatch(input: number, batch: Batch): void {
    begin(TYPE.batch, input);
    encodeBatch(batch, scratch);
    this.#send();
  }

  #send(): void {
    const { bytes, length } = scratch;
    if (this.isBlocked || !this.#ring.tryWrite(bytes, 0, length)) {
      this.#queue.push(Buffer.from(bytes.subarray(0, length)));
    }
    scratch.clear();
  }
}

/** The receiving end of a data channel. */
export class ChannelReader {
  readonly #ring: RingReader;
  readonly #batches: readonly (Batch | undefined)[];

  /**
   * `batches[input]` is what rows of an input are read into, for each input that the channel carries; the channels of a
   * thread may share them.
   */
  constructor(ring: RingReader, batches: readonly (Batch | undefined)[]) {
    this.#ring = ring;
    this.#batches = batches;
  }

  /** Hands on the next element; false when none is there. A batch is valid only during the call. */
  read(handler: ChannelHandler): boolean {
    const frame = this.#ring.peek();
    if (frame === undefined) return false;
    const type = frame.words[0]!;
    const input = frame.words[1]!;
    switch (type) {
      case TYPE.batch: {
        const batch = this.#batches[input];
        assert(batch !== undefined, `the channel carries input ${input}`);
        decodeBatch(frame, BODY, batch);
        this.#ring.release();
        handler.batch(input, batch);
        return true;
      }
      case TYPE.control: {
        const element = decodeControl(frame, BODY);
        this.#ring.release();
        handler.control(input, element);
        return true;
      }
      case TYPE.end:
        this.#ring.release();
        handler.end(input);
        return true;
      default: {
        const checkpoint = frame.doubles[BODY >> 3]!;
        this.#ring.release();
        handler.barrier(checkpoint);
        return true;
      }
    }
  }
}

/** How many of the rows still go into the frame that is waiting: at least one. */
function endOfFrame(waiting: Batch, batch: Batch, rows: Int32Array, start: number, count: number): number {
  const most = Math.min(count, start + MOST_ROWS - waiting.count);
  let room = MOST_HEAP_BYTES - heapUsed(waiting);
  if (heapUsed(batch) < room) return most;
  let end = start;
  while (end < most && room > 0) room -= heapBytes(batch, rows[end++]!);
  return end;
}

function begin(type: number, input: number): void {
  scratch.claim(BODY);
  scratch.words[0] = type;
  scratch.words[1] = input;
}
