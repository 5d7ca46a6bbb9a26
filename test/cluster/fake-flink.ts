import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FROM_TASK, type TaskPlace, TO_TASK } from "../../flink/frames.ts";
import { Handover } from "../../flink/handover.ts";
import type { MakeHostedTask } from "../../flink/hosted-task.ts";
import { driveTask } from "../../flink/socket-task.ts";
import type { WrittenFiles } from "../../flink/state-files.ts";
import type { Plan } from "../../runtime/plan.ts";
import { KEY_GROUPS, subtaskOf } from "../../state/key-groups.ts";
import { FakeSubtask } from "./fake-subtask.ts";

/** A checkpoint of all tasks, by task and then by former subtask, or in order of key groups. */
export interface FakeCheckpoint {
  readonly own: readonly (readonly Buffer[])[];
  readonly parts: readonly (readonly { readonly keyGroup: number; readonly bytes: Buffer }[])[];
  /** In place of parts, by task and former subtask. */
  readonly files: readonly (readonly FakeFiles[])[];
}

/** What a subtask said of its files, and what is in them. */
interface FakeFiles {
  readonly written: WrittenFiles;
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** A number, as 8 bytes. */
const number = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

/**
 * What Flink and its bridge do between the tasks of a job, in this process: rows go to the subtask that they were cut for,
 * control elements to all, barriers are aligned, parts are shared out by key group. The tasks are driven by real sockets.
 */
export class FakeFlink {
  readonly #plan: Plan;
  readonly #folder: string;
  readonly #server: Server;
  readonly #subtasks: readonly (readonly FakeSubtask[])[];
  /** Tasks that feed each one. */
  readonly #feeders: readonly (readonly number[])[];
  #wakers: (() => void)[] = [];

  private constructor(plan: Plan, parallelism: number, folder: string, server: Server) {
    this.#plan = plan;
    this.#folder = folder;
    this.#server = server;
    this.#feeders = plan.tasks.map((_, task) =>
      [...plan.tasks.keys()].filter((from) => plan.tasks[from]!.outputs.some(({ toTask }) => toTask === task)),
    );
    this.#subtasks = plan.tasks.map((_, task) =>
      Array.from({ length: parallelism }, (_, subtask) => {
        const feeders = this.#feeders[task]!.length * parallelism;
        return new FakeSubtask(connect(join(folder, "child")), feeders, (type, payload) =>
          this.#answer(task, subtask, type, payload),
        );
      }),
    );
  }

  /** Starts a job, from a checkpoint if there is one. */
  static async start(plan: Plan, parallelism: number, make: MakeHostedTask, from?: FakeCheckpoint): Promise<FakeFlink> {
    const folder = mkdtempSync(join(tmpdir(), "countercheck-fake-flink-"));
    // What a task fails with comes back in a frame.
    // Tasks of the same subtask are in one process; they connect task by task.
    const processes = Array.from({ length: parallelism }, () => new Handover());
    let connections = 0;
    const server = createServer((socket) =>
      driveTask(socket, make, processes[connections++ % parallelism]!).catch(() => undefined),
    );
    await new Promise<void>((resolve) => server.listen(join(folder, "child"), resolve));
    const flink = new FakeFlink(plan, parallelism, folder, server);
    for (const [task, subtasks] of flink.#subtasks.entries()) {
      for (const [subtask, connection] of subtasks.entries()) {
        const outputs = plan.tasks[task]!.outputs.map(() => parallelism);
        const restores = from !== undefined;
        const own = folderOf(folder, task, subtask);
        mkdirSync(own);
        const place: TaskPlace = { task, subtask, parallelism, keyGroups: KEY_GROUPS, outputs, restores, folder: own };
        connection.send(TO_TASK.open, Buffer.from(JSON.stringify(place)));
        for (const { keyGroup, bytes } of from?.parts[task] ?? []) {
          if (subtaskOf(keyGroup, parallelism) === subtask) connection.send(TO_TASK.restore, bytes);
        }
        for (const [former, files] of (from?.files[task] ?? []).entries())
          connection.send(TO_TASK.restoreFiles, bring(files, join(own, `former-${former}`)));
        for (const own of from?.own[task] ?? []) connection.send(TO_TASK.restoreOwn, own);
        connection.send(TO_TASK.start);
      }
    }
    await flink.settled();
    return flink;
  }

  /** Sends a frame to the subtask of the first task that owns a key group. */
  records(keyGroup: number, payload: Buffer): void {
    const sources = this.#subtasks[0]!;
    sources[subtaskOf(keyGroup, sources.length)]!.send(TO_TASK.records, payload);
  }

  proof(payload: Buffer): void {
    for (const source of this.#subtasks[0]!) source.send(TO_TASK.proof, payload);
  }

  processingTime(time: number): void {
    for (const subtask of this.#subtasks.flat()) subtask.send(TO_TASK.processingTime, number(time));
  }

  /** Resolves when little is on its way. */
  room(): Promise<void> {
    return this.#until(() => this.#subtasks.flat().every(({ inFlight }) => inFlight < 64));
  }

  /** Resolves when nothing is on its way. */
  settled(): Promise<void> {
    return this.#until(() => this.#subtasks.flat().every(({ inFlight, isHeld }) => inFlight === 0 && !isHeld));
  }

  /** Takes a savepoint while rows are on their way: all of the state, by key group. */
  async savepoint(id: number): Promise<FakeCheckpoint> {
    const own = await this.#barrier(id);
    const all = this.#subtasks.flat();
    for (const subtask of all) subtask.send(TO_TASK.pull, number(id));
    await this.#until(() => all.every(({ hasAllParts }) => hasAllParts));
    const parts = this.#subtasks.map((subtasks) => subtasks.flatMap((subtask) => subtask.takeParts()));
    return { own, parts, files: [] };
  }

  /** Takes a checkpoint while rows are on their way: the files that the state is in, copied `meanwhile` has been. */
  async checkpoint(id: number, meanwhile: () => Promise<unknown>): Promise<FakeCheckpoint> {
    const own = await this.#barrier(id);
    const all = this.#subtasks.flat();
    for (const subtask of all) subtask.send(TO_TASK.files, number(id));
    await this.#until(() => all.every(({ files }) => files !== undefined));
    await meanwhile();
    const files = this.#subtasks.map((subtasks, task) =>
      subtasks.map((each, subtask) => copied(each.takeFiles(), folderOf(this.#folder, task, subtask))),
    );
    for (const subtask of all) subtask.send(TO_TASK.abort, number(id));
    return { own, parts: [], files };
  }

  async #barrier(id: number): Promise<readonly (readonly Buffer[])[]> {
    const all = this.#subtasks.flat();
    for (const source of this.#subtasks[0]!) source.send(TO_TASK.barrier, number(id));
    await this.#until(() => all.every(({ own }) => own !== undefined));
    return this.#subtasks.map((subtasks) => subtasks.map((subtask) => subtask.takeOwn()));
  }

  confirm(id: number): void {
    for (const subtask of this.#subtasks.flat()) subtask.send(TO_TASK.confirmed, number(id));
  }

  /** All input has ended: the tasks end one behind the other. */
  async drain(): Promise<void> {
    for (const [task, subtasks] of this.#subtasks.entries()) {
      await this.settled();
      const inputs = task === 0 ? [0, 1] : this.#plan.tasks[task]!.inputs.keys();
      for (const input of inputs) for (const subtask of subtasks) subtask.send(TO_TASK.end, Buffer.from([input]));
      for (const subtask of subtasks) subtask.send(TO_TASK.finish);
    }
    await this.settled();
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    await Promise.all(this.#subtasks.flat().map((subtask) => subtask.close()));
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #answer(task: number, subtask: number, type: number, payload: Buffer): void {
    if (type === FROM_TASK.barrier) this.#passBarrier(task, subtask, payload);
    else if (type === FROM_TASK.forward) {
      const { toTask, toInput } = this.#plan.tasks[task]!.outputs[payload[0]!]!;
      const rows = Buffer.concat([Buffer.from([toInput]), payload.subarray(5)]);
      this.#subtasks[toTask]![payload.readInt32LE(1)]!.come(
        this.#channelOf(task, subtask, toTask),
        TO_TASK.batch,
        rows,
      );
    } else if (type === FROM_TASK.control) {
      const { toTask, toInput } = this.#plan.tasks[task]!.outputs[payload[0]!]!;
      const element = Buffer.concat([Buffer.from([toInput]), payload.subarray(1)]);
      const channel = this.#channelOf(task, subtask, toTask);
      for (const target of this.#subtasks[toTask]!) target.come(channel, TO_TASK.control, element);
    }
    for (const wake of this.#wakers.splice(0)) wake();
  }

  #passBarrier(task: number, subtask: number, payload: Buffer): void {
    const id = payload.subarray(0, 8);
    for (const toTask of new Set(this.#plan.tasks[task]!.outputs.map((output) => output.toTask))) {
      const channel = this.#channelOf(task, subtask, toTask);
      for (const target of this.#subtasks[toTask]!) target.barrier(channel, Buffer.from(id));
    }
  }

  /** Number of the channel that a subtask feeds another task by. */
  #channelOf(task: number, subtask: number, toTask: number): number {
    return this.#feeders[toTask]!.indexOf(task) * this.#subtasks[task]!.length + subtask;
  }

  async #until(isReached: () => boolean): Promise<void> {
    for (;;) {
      const failure = this.#subtasks.flat().find((subtask) => subtask.failure !== undefined)?.failure;
      if (failure !== undefined) throw new Error(failure);
      if (isReached()) return;
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
  }
}

function folderOf(folder: string, task: number, subtask: number): string {
  return join(folder, `task-${task}-${subtask}`);
}

/** Copies as much of each file as belongs to a checkpoint. */
function copied(said: Buffer, folder: string): FakeFiles {
  const written = JSON.parse(said.toString()) as WrittenFiles;
  const contents = written.store.segments.map(
    ({ file, bytes }) => [file, Buffer.from(readFileSync(join(folder, file)).subarray(0, bytes))] as const,
  );
  return { written, contents: new Map(contents) };
}

/** Brings files to a new folder; gives what the task is told of them. */
function bring({ written: files, contents }: FakeFiles, folder: string): Buffer {
  mkdirSync(folder);
  for (const [name, bytes] of contents) writeFileSync(join(folder, name), bytes);
  return Buffer.from(JSON.stringify({ folder, files }));
}
