import type { Socket } from "node:net";
import { ByteReader } from "../../base/bytes.ts";
import { FrameWriter } from "../../flink/frame-writer.ts";
import { FROM_TASK, FrameSplitter, TO_TASK } from "../../flink/frames.ts";

/** As `TaskConnection.java` has them: with so many frames, or bytes, in flight what comes for a task waits in front of it. */
const MOST_FRAMES_IN_FLIGHT = 512;
const MOST_BYTES_IN_FLIGHT = 512 * 1024;
/** Of the length and the type of a frame. */
const HEADER = 5;

/** What is not sent by the thread that waits while very much is in flight. */
const ASIDE: ReadonlySet<number> = new Set([TO_TASK.pull, TO_TASK.files]);

/** What that thread waits behind, once it has sent it. */
const ELEMENTS: ReadonlySet<number> = new Set([TO_TASK.batch, TO_TASK.control, TO_TASK.records, TO_TASK.proof]);

interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

/** Flink's end of the connection of one subtask: aligns barriers, and gathers what a checkpoint consists of. */
export class FakeSubtask {
  /** What the task said that has failed. */
  failure: string | undefined;
  /** What it keeps besides its keys' state, since the last barrier. */
  own: Buffer | undefined;
  hasAllParts = false;
  /** JSON of its files, when they were asked for. */
  files: Buffer | undefined;
  readonly #socket: Socket;
  readonly #channels: number;
  readonly #parts: { readonly keyGroup: number; readonly bytes: Buffer }[] = [];
  readonly #frames = new FrameWriter();
  /** Channels that the barrier has come by, and what came by them since. */
  readonly #held = new Map<number, Frame[]>();
  /** What waits in front of the task, in order. */
  #pending: Frame[] = [];
  /** Lengths of the frames in flight, in order, and what they come to. */
  #lengths: number[] = [];
  #bytes = 0;
  #taken = 0;

  /** It is fed by so many channels; `answer` is told of each frame, once this has had it. */
  constructor(socket: Socket, channels: number, answer: (type: number, payload: Buffer) => void) {
    this.#socket = socket;
    this.#channels = channels;
    const splitter = new FrameSplitter((type, payload) => {
      this.#answer(type, payload);
      answer(type, payload);
    });
    socket.on("data", (chunk: Buffer) => splitter.push(chunk));
    socket.on("error", () => socket.destroy());
  }

  /** Frames that have come and were not taken in. */
  get inFlight(): number {
    return this.#lengths.length + this.#pending.length;
  }

  get isHeld(): boolean {
    return this.#held.size > 0;
  }

  /** Sends a frame, behind those that wait in front of the task. */
  send(type: number, payload: Buffer = Buffer.alloc(0)): void {
    if (ASIDE.has(type)) {
      this.#write({ type, payload });
      return;
    }
    this.#pending.push({ type, payload });
    this.#sendPending();
  }

  /** A frame comes by a channel: what is behind a barrier waits. */
  come(channel: number, type: number, payload: Buffer): void {
    const held = this.#held.get(channel);
    if (held === undefined) this.send(type, payload);
    else held.push({ type, payload });
  }

  /** The barrier comes by a channel; when it has come by all of them the task gets it. */
  barrier(channel: number, id: Buffer): void {
    this.#held.set(channel, []);
    if (this.#held.size < this.#channels) return;
    this.send(TO_TASK.barrier, id);
    const held = [...this.#held.values()].flat();
    this.#held.clear();
    for (const { type, payload } of held) this.send(type, payload);
  }

  takeOwn(): Buffer {
    const own = this.own!;
    this.own = undefined;
    return own;
  }

  takeFiles(): Buffer {
    const files = this.files!;
    this.files = undefined;
    return files;
  }

  takeParts() {
    this.hasAllParts = false;
    return this.#parts.splice(0);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#socket.destroy();
    await closed;
  }

  #sendPending(): void {
    let sent = 0;
    for (const frame of this.#pending) {
      if (ELEMENTS.has(frame.type) && !this.#hasRoom) break;
      this.#write(frame);
      sent++;
    }
    if (sent > 0) this.#pending = this.#pending.slice(sent);
  }

  get #hasRoom(): boolean {
    return this.#lengths.length < MOST_FRAMES_IN_FLIGHT && this.#bytes < MOST_BYTES_IN_FLIGHT;
  }

  #write({ type, payload }: Frame): void {
    const length = HEADER + payload.length;
    this.#lengths.push(length);
    this.#bytes += length;
    this.#frames.begin(type).raw(payload, 0, payload.length);
    this.#frames.finish();
    this.#socket.write(this.#frames.take());
  }

  #setTaken(taken: number): void {
    for (const length of this.#lengths.splice(0, taken - this.#taken)) this.#bytes -= length;
    this.#taken = taken;
    this.#sendPending();
  }

  #answer(type: number, payload: Buffer): void {
    if (type === FROM_TASK.taken) this.#setTaken(payload.readDoubleLE(0));
    else if (type === FROM_TASK.barrier) this.own = Buffer.from(payload.subarray(8));
    else if (type === FROM_TASK.part) {
      this.#parts.push({ keyGroup: payload.readInt32LE(8), bytes: Buffer.from(payload.subarray(12)) });
    } else if (type === FROM_TASK.pulled) this.send(TO_TASK.pull, Buffer.from(payload));
    else if (type === FROM_TASK.files) this.files = Buffer.from(payload.subarray(8));
    else if (type === FROM_TASK.partsEnd) this.hasAllParts = true;
    else if (type === FROM_TASK.failed) {
      const input = new ByteReader(payload);
      this.failure = `${input.text()}\n${input.text()}`;
    }
  }
}
