import type { Socket } from "node:net";
import { Batch, type Layout } from "../base/batch.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { assert, messageOf } from "../base/errors.ts";
import type { CheckpointedTask, PartsAtBarrier } from "../runtime/task.ts";
import { readControl, writeControl } from "./control-codec.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FROM_TASK, FrameSplitter, type TaskPlace, TO_TASK } from "./frames.ts";
import { OriginMerger } from "./origin-merger.ts";
import { type OwnState, readOwnState, readPart, writeOwnState, writePart } from "./parts.ts";

/** What the driver of a task must be told about it: how its rows and records are written. */
export interface TaskFormat {
  /** Layouts of the task's inputs. */
  readonly inputs: readonly Layout[];
  /** Appends the rows of a frame to a batch of the input's layout. */
  readRows(input: number, from: ByteReader, into: Batch): void;
  /** Cuts a batch by key group, and hands each piece to `piece` with the hash of one of its keys. */
  writeRows(output: number, batch: Batch, piece: (hash: number, write: (out: ByteWriter) => void) => void): void;
  /** Writes a record of a side output. */
  writeRecord(tag: string, record: unknown, out: ByteWriter): void;
}

const MOST_ROWS = 1_000;
/** Bytes of parts that answer one pull. */
const PULL_BYTES = 1024 * 1024;

/**
 * Drives a task at the other end of a socket from a Flink subtask. All calls of the task are made here, one at a time, in
 * the order of the frames; rows that came together are handed in as one batch. Resolves when the other end is gone, in
 * whatever way: all that matters is in checkpoints. When the task fails, Flink is told why, and the promise rejects.
 */
export function driveTask(socket: Socket, makeTask: (place: TaskPlace) => CheckpointedTask, format: TaskFormat) {
  return new Promise<void>((resolve, reject) => {
    const driver = new Driver(makeTask, format);
    const splitter = new FrameSplitter((type, payload) => driver.take(type, payload));
    const send = (bytes: Buffer) => {
      if (bytes.length === 0 || socket.write(bytes)) return;
      socket.pause();
      socket.once("drain", () => socket.resume());
    };
    socket.on("data", (chunk: Buffer) => {
      try {
        splitter.push(chunk);
        driver.settle();
        send(driver.out.take());
      } catch (error) {
        socket.end(failure(error));
        reject(error);
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("close", () => resolve());
  });
}

class Driver {
  readonly out = new FrameWriter();
  readonly #makeTask: (place: TaskPlace) => CheckpointedTask;
  readonly #format: TaskFormat;
  readonly #reader = new ByteReader();
  readonly #mergers: readonly OriginMerger[];
  readonly #batches: readonly Batch[];
  /** What is being restored, in the order in which it came. */
  readonly #restored: OwnState[] = [];
  /** What is left to be pulled, by checkpoint. */
  readonly #parts = new Map<number, PartsAtBarrier>();
  #task!: CheckpointedTask;
  #place!: TaskPlace;
  /** The input whose rows wait to be handed in. */
  #waiting: number | undefined;
  #taken = 0;
  #acknowledged = 0;

  constructor(makeTask: (place: TaskPlace) => CheckpointedTask, format: TaskFormat) {
    this.#makeTask = makeTask;
    this.#format = format;
    this.#mergers = format.inputs.map(() => new OriginMerger());
    this.#batches = format.inputs.map((layout) => new Batch(layout, MOST_ROWS));
  }

  /** Takes a frame in. */
  take(type: number, payload: Buffer): void {
    this.#taken++;
    if (type === TO_TASK.batch) {
      this.#rows(payload[0]!, payload);
      return;
    }
    // A pull asks for what was before: rows need not be handed in for it.
    if (type !== TO_TASK.pull) this.#handIn();
    const reader = this.#reader.reset(payload, 0, payload.length);
    switch (type) {
      case TO_TASK.open:
        return this.#open(JSON.parse(payload.toString("utf8")) as TaskPlace);
      case TO_TASK.restore:
      case TO_TASK.restoreOwn:
        return this.#restore(type, Buffer.from(payload));
      case TO_TASK.start:
        return this.#start();
      case TO_TASK.control:
        return this.#controlIn(reader.byte(), reader);
      case TO_TASK.end:
        return this.#task.end(reader.byte());
      case TO_TASK.processingTime:
        return this.#task.processingTime(reader.float64());
      case TO_TASK.barrier:
        return this.#barrier(reader.float64());
      case TO_TASK.pull:
        return this.#pull(reader.float64());
      case TO_TASK.abort:
        return this.#forget(reader.float64());
      case TO_TASK.finish:
        return this.#task.report();
      default:
        assert(false, `a frame of the unknown type ${type}`);
    }
  }

  /** There is nothing more to take in for now: hands in the rows that wait, and acknowledges all. */
  settle(): void {
    this.#handIn();
    if (this.#taken === this.#acknowledged) return;
    this.#acknowledged = this.#taken;
    this.#answer(FROM_TASK.taken, (out) => out.float64(this.#taken));
  }

  #rows(input: number, payload: Buffer): void {
    if (this.#waiting !== input) this.#handIn();
    this.#waiting = input;
    const batch = this.#batches[input]!;
    this.#format.readRows(input, this.#reader.reset(payload, 1, payload.length), batch);
    if (batch.count >= MOST_ROWS) this.#handIn();
  }

  #handIn(): void {
    if (this.#waiting === undefined) return;
    const input = this.#waiting;
    this.#waiting = undefined;
    const batch = this.#batches[input]!;
    this.#task.batch(input, batch);
    batch.clear();
  }

  #controlIn(input: number, reader: ByteReader): void {
    const { origin, element } = readControl(reader);
    const merged = this.#mergers[input]!.merge(origin, element);
    if (merged !== undefined) this.#task.control(input, merged);
  }

  #open(place: TaskPlace): void {
    this.#place = place;
    this.#task = this.#makeTask(place);
    this.#task.open({
      forward: (output, batch) => this.#forward(output, batch),
      control: (output, element) => {
        this.#answer(FROM_TASK.control, (out) => {
          out.byte(output);
          writeControl(out, { index: place.subtask, count: place.parallelism }, element);
        });
      },
      end: (output) => this.#answer(FROM_TASK.end, (out) => out.byte(output)),
      emit: (tag, record) => {
        this.#answer(FROM_TASK.record, (out) => {
          out.text(tag);
          this.#format.writeRecord(tag, record, out);
        });
      },
    });
  }

  #restore(type: number, bytes: Buffer): void {
    if (type === TO_TASK.restore) {
      this.#task.take(readPart(bytes));
      return;
    }
    const own = readOwnState(bytes);
    this.#restored.push(own);
    for (const part of own.parts) this.#task.take(part);
  }

  #start(): void {
    const own = this.#restored.splice(0);
    if (own.length > 0) {
      this.#task.restored(own[0]!.kept, this.#place.subtask === 0);
      this.#restoreMergers(own);
    }
    this.#answer(FROM_TASK.ready, () => undefined);
  }

  /** A subtask takes in what it has saved itself, or where their number has changed, what all of them saved. */
  #restoreMergers(all: readonly OwnState[]): void {
    const { subtask, parallelism } = this.#place;
    const former = all.filter((own) => own.parallelism !== parallelism || own.subtask === subtask);
    for (const [input, merger] of this.#mergers.entries()) {
      merger.restore(former.map(({ mergers }) => new ByteReader(mergers[input]!)));
      for (const element of merger.standing()) this.#task.control(input, element);
    }
  }

  #forward(output: number, batch: Batch): void {
    this.#format.writeRows(output, batch, (hash, write) => {
      this.#answer(FROM_TASK.forward, (out) => {
        out.byte(output);
        writeInt32(out, hash);
        write(out);
      });
    });
  }

  /** Own state is sent at once: Flink takes it while its task stands still, and the parts while records flow again. */
  #barrier(checkpoint: number): void {
    const parts = this.#task.barrier();
    this.#parts.set(checkpoint, parts);
    this.#answer(FROM_TASK.barrier, (out) => {
      out.float64(checkpoint);
      writeOwnState(out, {
        ...this.#place,
        kept: this.#task.kept,
        mergers: this.#mergers.map(saved),
        parts: parts.own,
      });
    });
  }

  #pull(checkpoint: number): void {
    const parts = this.#parts.get(checkpoint);
    const enough = this.out.length + PULL_BYTES;
    while (parts !== undefined && this.out.length < enough) {
      const part = parts.next();
      if (part === undefined) {
        this.#parts.delete(checkpoint);
        break;
      }
      this.#answer(FROM_TASK.part, (out) => {
        out.float64(checkpoint);
        writeInt32(out, part.keyGroup);
        writePart(out, part);
      });
    }
    const isOver = !this.#parts.has(checkpoint);
    this.#answer(isOver ? FROM_TASK.partsEnd : FROM_TASK.pulled, (out) => out.float64(checkpoint));
  }

  #forget(checkpoint: number): void {
    this.#parts.get(checkpoint)?.release();
    this.#parts.delete(checkpoint);
  }

  #answer(type: number, write: (out: ByteWriter) => void): void {
    write(this.out.begin(type));
    this.out.finish();
  }
}

function saved(merger: OriginMerger): Buffer {
  const out = new ByteWriter();
  merger.save(out);
  return out.bytes();
}

function writeInt32(out: ByteWriter, value: number): void {
  for (let shift = 0; shift < 32; shift += 8) out.byte((value >> shift) & 255);
}

function failure(error: unknown): Buffer {
  const frame = new FrameWriter();
  frame.begin(FROM_TASK.failed).text(messageOf(error));
  frame.finish();
  return frame.take();
}
