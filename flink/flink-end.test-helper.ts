import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteReader, type ByteWriter } from "../base/bytes.ts";
import type { CheckpointedTask } from "../runtime/task.ts";
import { countingFormat } from "./counting-task.test-helper.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FROM_TASK, FrameSplitter, TO_TASK } from "./frames.ts";
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

  static async drive(task: CheckpointedTask): Promise<FlinkEnd> {
    const dir = mkdtempSync(join(tmpdir(), "countercheck-"));
    const path = join(dir, "task");
    const server = createServer();
    const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const driven = driveTask(connect(path), () => task, countingFormat);
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

  open(subtask = 0): this {
    return this.write(TO_TASK.open, (out) => {
      const place = Buffer.from(JSON.stringify({ subtask, parallelism: 1, keyGroups: 128 }));
      out.raw(place, 0, place.length);
    });
  }

  rows(input: number, ...keys: readonly string[]): this {
    return this.write(TO_TASK.batch, (out) => {
      out.byte(input);
      for (const key of keys) out.text(key);
    });
  }

  number(type: number, value: number): this {
    return this.write(type, (out) => out.float64(value));
  }

  /** Sends what was written, waits until the task has taken it in, and gives what came of it. */
  async answers(): Promise<Answer[]> {
    this.#socket.write(this.#frames.take());
    while (this.#taken < this.#written) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#answers.splice(0);
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
      const input = new ByteReader(payload);
      return [input.text(), JSON.parse(input.text())];
    });
}
