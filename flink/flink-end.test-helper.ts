import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ByteWriter } from "../base/bytes.ts";
import type { SafeText } from "./failure-frame.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FROM_TASK, FrameSplitter, ROWS, type TaskPlace, TO_TASK } from "./frames.ts";
import { Handover } from "./handover.ts";
import type { MakeHostedTask, TaskMetrics } from "./hosted-task.ts";
import { driveTask } from "./socket-task.ts";

/** A frame that came from the task. */
export interface Answer {
  readonly type: number;
  readonly payload: Buffer;
}

/** Flink's end of a socket, with a task driven at the other. */
export class FlinkEnd {
  /** Resolves when the driver has ended. */
  readonly driven: Promise<void>;
  /** What came about once a second. */
  readonly metrics: (readonly TaskMetrics[])[] = [];
  readonly #dir: string;
  readonly #server: Server;
  readonly #socket: Socket;
  readonly #frames = new FrameWriter();
  readonly #answers: Answer[] = [];
  #written = 0;
  #taken = 0;
  #wake: () => void = () => undefined;

  private constructor(dir: string, server: Server, socket: Socket, driven: Promise<void>) {
    this.#dir = dir;
    this.#server = server;
    this.#socket = socket;
    this.driven = driven;
    const splitter = new FrameSplitter((type, payload) => this.#answer(type, Buffer.from(payload)));
    socket.on("data", (chunk: Buffer) => splitter.push(chunk));
  }

  static async drive(make: MakeHostedTask, safe?: SafeText, handover = new Handover()): Promise<FlinkEnd> {
    const dir = mkdtempSync(join(tmpdir(), "countercheck-"));
    const path = join(dir, "task");
    const server = createServer();
    const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const driven = driveTask(connect(path), make, handover, safe);
    driven.catch(() => undefined);
    return new FlinkEnd(dir, server, await accepted, driven);
  }

  /** Adds a frame; `answers` sends it. */
  write(type: number, write: (out: ByteWriter) => void = () => undefined): this {
    write(this.#frames.begin(type));
    this.#frames.finish();
    this.#written++;
    return this;
  }

  /** The first frame: where the task stands. */
  open(subtask = 0, parallelism = 1, outputs = [2], task = 1): this {
    return this.write(TO_TASK.open, (out) => {
      const place: TaskPlace = {
        ...{ task, subtask, parallelism, outputs },
        ...{ keyGroups: 128, restores: false, folder: "nowhere" },
      };
      const json = Buffer.from(JSON.stringify(place));
      out.raw(json, 0, json.length);
    });
  }

  rows(input: number, ...keys: readonly string[]): this {
    return this.write(TO_TASK.batch, (out) => {
      out.byte(input);
      out.byte(ROWS.written);
      for (const key of keys) out.text(key);
    });
  }

  number(type: number, value: number): this {
    return this.write(type, (out) => out.float64(value));
  }

  /** Sends what was written. */
  send(): void {
    this.#socket.write(this.#frames.take());
  }

  /** Sends what was written, waits until the task has taken it in, and gives what came of it. */
  async answers(): Promise<Answer[]> {
    this.send();
    while (this.#taken < this.#written) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#answers.splice(0);
  }

  /** What has come by now, and stays to be given. */
  get arrived(): readonly Answer[] {
    return this.#answers;
  }

  /** Records among the answers, by tag, in order. */
  async records(): Promise<[tag: string, record: unknown][]> {
    return recordsOf(await this.answers());
  }

  async close(): Promise<void> {
    this.#socket.end();
    await this.driven.catch(() => undefined);
    this.#server.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #answer(type: number, payload: Buffer): void {
    if (type === FROM_TASK.taken) this.#taken = payload.readDoubleLE(0);
    else if (type === FROM_TASK.metrics) this.metrics.push(JSON.parse(payload.toString("utf8")));
    else this.#answers.push({ type, payload });
    // Nothing follows a failure.
    if (type === FROM_TASK.failed) this.#taken = this.#written;
    this.#wake();
  }
}

/** The records among answers. */
export function recordsOf(answers: readonly Answer[]): [tag: string, record: unknown][] {
  return answers
    .filter(({ type }) => type === FROM_TASK.record)
    .map(({ payload }) => {
      const { key, value } = recordOf(payload);
      return [String(key), JSON.parse(String(value))];
    });
}

/** What a `record` frame holds. */
export function recordOf(payload: Buffer): { sink: number; time: number; key: Buffer | null; value: Buffer } {
  const keyLength = payload.readInt32LE(9);
  const valueStart = 13 + Math.max(keyLength, 0) + 4;
  return {
    sink: payload[0]!,
    time: payload.readDoubleLE(1),
    key: keyLength < 0 ? null : payload.subarray(13, 13 + keyLength),
    value: payload.subarray(valueStart, valueStart + payload.readInt32LE(valueStart - 4)),
  };
}
