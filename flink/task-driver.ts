import type { Batch } from "../base/batch.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { assert } from "../base/errors.ts";
import type { AskingTask } from "../runtime/task.ts";
import { readControl, writeControl } from "./control-codec.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FROM_TASK, type TaskPlace, TO_TASK } from "./frames.ts";
import type { Handover, Lane } from "./handover.ts";
import type { HostedTask, MakeHostedTask, SinkOutput, TaskMetrics } from "./hosted-task.ts";
import { OriginMerger } from "./origin-merger.ts";
import { PartPulls } from "./part-pulls.ts";
import { type OwnState, readOwnState, readPart, writeOwnState } from "./parts.ts";
import { RowInlet } from "./row-inlet.ts";
import { RowOutlet } from "./row-outlet.ts";
import { readFormerFiles } from "./state-files.ts";

/** What a task is driven with. */
export interface TaskDriverOptions {
  readonly make: MakeHostedTask;
  /** What the tasks of the process hand each other rows by. */
  readonly handover: Handover;
  /** Called when `poll` has something to do. */
  readonly wake: () => void;
  /** Called while the task is at work, often. */
  readonly alive: () => void;
}

/**
 * Makes the calls of a task that the frames of a connection ask for, in their order; what comes of them is gathered in
 * `out`. Rows that come together are handed in as one batch.
 */
export class TaskDriver {
  readonly out = new FrameWriter();
  /** Counts since the beginning. */
  rowsOut = 0;
  readonly #options: TaskDriverOptions;
  readonly #reader = new ByteReader();
  /** What is being restored, in the order in which it came. */
  readonly #restored: OwnState[] = [];
  readonly #pulls = new PartPulls(this.out);
  #mergers: readonly OriginMerger[] = [];
  #inlet!: RowInlet;
  #outlet!: RowOutlet;
  #hosted!: HostedTask;
  #task!: AskingTask;
  #place!: TaskPlace;
  #isOpen = false;
  #isStarted = false;
  #taken = 0;
  #acknowledged = 0;

  constructor(options: TaskDriverOptions) {
    this.#options = options;
  }

  /** What was to be restored is taken in. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Something is in hand that `poll` is to be called for now and then. */
  get isBusy(): boolean {
    return this.#isStarted && this.#task.isBusy;
  }

  /** To a task in the same process, for which enough rows wait: no more are to be taken in until it has taken some. */
  get fullLane(): Lane | undefined {
    return this.#isOpen ? this.#outlet.full : undefined;
  }

  /** The task can take no more rows, until `poll` has handed some of them out. */
  get isFull(): boolean {
    return this.#isStarted && this.#task.isFull;
  }

  /** So many results wait for a checkpoint, or to be delivered, that rows are to be taken in slowly. */
  get hasFullResults(): boolean {
    return this.#isStarted && this.#hosted.results.isFull;
  }

  /** So many results wait for servers that no rows are to be taken in at all. */
  get hasStuckResults(): boolean {
    return this.#isStarted && this.#hosted.results.isStuck;
  }

  /** Counts since the beginning. */
  get rowsIn(): number {
    return this.#isOpen ? this.#inlet.rows : 0;
  }

  /** What is counted of the task's operators and sources. */
  metrics(): readonly TaskMetrics[] {
    return this.#isOpen ? this.#hosted.metrics() : [];
  }

  /** Takes a frame in, whose payload must not change; a promise while it waits for something. */
  take(type: number, payload: Buffer): void | Promise<void> {
    this.#taken++;
    if (type === TO_TASK.batch) {
      this.#inlet.take(payload);
      return;
    }
    // They ask for what was before: rows need not be handed in for it.
    if (this.#isOpen && type !== TO_TASK.pull && type !== TO_TASK.files) this.#inlet.handIn();
    const reader = this.#reader.reset(payload, 0, payload.length);
    switch (type) {
      case TO_TASK.open:
        return this.#open(JSON.parse(payload.toString("utf8")) as TaskPlace);
      case TO_TASK.restore:
        return this.#task.take(readPart(payload));
      case TO_TASK.restoreFiles: {
        const { folder, files } = readFormerFiles(payload);
        return this.#hosted.takeFiles(files, folder);
      }
      case TO_TASK.restoreOwn:
        return this.#restoreOwn(readOwnState(payload));
      case TO_TASK.start:
        return this.#start();
      case TO_TASK.control:
        return this.#controlIn(reader.byte(), reader);
      case TO_TASK.records:
        return this.#sources.records(payload);
      case TO_TASK.proof:
        return this.#sources.proof(payload);
      case TO_TASK.end:
        return this.#task.end(reader.byte());
      case TO_TASK.processingTime:
        return this.#task.processingTime(reader.float64());
      case TO_TASK.barrier:
        return this.#barrier(reader.float64());
      case TO_TASK.pull:
        return this.#pulls.pull(reader.float64());
      case TO_TASK.files:
        return this.#pulls.files(reader.float64());
      case TO_TASK.abort:
        return this.#pulls.forget(reader.float64());
      case TO_TASK.confirmed:
        return this.#hosted.results.confirmed(reader.float64());
      case TO_TASK.finish:
        return this.#task.report();
      default:
        assert(false, `a frame of the unknown type ${type}`);
    }
  }

  /** There is nothing more to take in for now: hands in the rows that wait, and acknowledges all. */
  settle(): void {
    if (this.#isOpen) this.#inlet.handIn();
    this.flush();
    if (this.#taken === this.#acknowledged) return;
    this.#acknowledged = this.#taken;
    this.#answer(FROM_TASK.taken, (out) => out.float64(this.#taken));
  }

  /** Sends on what is gathered of rows: it may be long before there is more. */
  flush(): void {
    if (this.#isOpen) this.#outlet.flush();
  }

  /** Parts of a checkpoint are asked for, and `bringParts` is to be called between rows. */
  get owesParts(): boolean {
    return this.#pulls.isDue;
  }

  /** Works on parts that are asked for, for a millisecond or two. */
  bringParts(): void {
    this.#pulls.work();
  }

  /** Hands on what look-ups have brought. */
  poll(now: number): boolean {
    return this.isBusy && this.#task.poll(now);
  }

  tellMetrics(metrics: readonly TaskMetrics[]): void {
    this.#answer(FROM_TASK.metrics, (out) => writeJson(metrics, out));
  }

  /** Nobody drives the task any more. */
  close(): void {
    this.#pulls.close();
    if (!this.#isOpen) return;
    this.#inlet.close();
    this.#outlet.close();
    this.#isOpen = this.#isStarted = false;
    this.#task.close();
    this.#hosted.close();
  }

  get #sources() {
    const { sources } = this.#hosted;
    assert(sources !== undefined, "records come to the task that has the sources");
    return sources;
  }

  #controlIn(input: number, reader: ByteReader): void {
    const { origin, element } = readControl(reader);
    const merged = this.#mergers[input]!.merge(origin, element);
    if (merged !== undefined) this.#task.control(input, merged);
  }

  #open(place: TaskPlace): void | Promise<void> {
    this.#place = place;
    const made = this.#options.make(place, this.#sinks(), this.#options.alive);
    if (made instanceof Promise) return made.then((hosted) => this.#opened(hosted));
    this.#opened(made);
  }

  #opened(hosted: HostedTask): void {
    const { task, subtask, parallelism } = this.#place;
    const { handover } = this.#options;
    this.#hosted = hosted;
    this.#task = hosted.task;
    this.#inlet = new RowInlet(hosted.task, hosted.format, handover.open(task, subtask, hosted.format.inputs));
    this.#outlet = new RowOutlet(hosted.format, handover, this.out);
    this.#mergers = hosted.format.inputs.map(() => new OriginMerger());
    this.#isOpen = true;
    const origin = { index: subtask, count: parallelism };
    this.#task.open(
      {
        forward: (output, batch) => this.#forward(output, batch),
        control: (output, element) => {
          this.#outlet.flush();
          this.#answer(FROM_TASK.control, (out) => {
            out.byte(output);
            writeControl(out, origin, element);
          });
        },
        end: (output) => {
          this.#outlet.flush();
          this.#answer(FROM_TASK.end, (out) => out.byte(output));
        },
        emit: (tag, record) => hosted.results.emit(tag, record),
      },
      this.#options.wake,
    );
  }

  #sinks(): SinkOutput {
    return {
      record: (sink, key, value, timeMs) => {
        this.#options.alive();
        this.#answer(FROM_TASK.record, (out) => {
          out.byte(sink);
          out.float64(timeMs);
          writeBytes(key, out);
          writeBytes(value, out);
        });
      },
    };
  }

  #restoreOwn(own: OwnState): void {
    this.#restored.push(own);
    for (const part of own.parts) this.#task.take(part);
  }

  async #start(): Promise<void> {
    const own = this.#restored.splice(0);
    if (own.length > 0) await this.#restore(own);
    else await this.#hosted.begin?.();
    this.#isStarted = true;
    this.#hosted.sources?.start();
    this.#answer(FROM_TASK.ready, () => undefined);
  }

  /** Results that former subtasks had not delivered yet are shared out; what their inputs had heard, each is told. */
  async #restore(own: readonly OwnState[]): Promise<void> {
    const { subtask, parallelism } = this.#place;
    const mine = own.filter((former) => former.subtask % parallelism === subtask);
    this.#hosted.results.restore(mine.map(({ results }) => results));
    await this.#task.restored(own[0]!.kept, subtask === 0);
    for (const [input, merger] of this.#mergers.entries()) {
      merger.restore(own.map(({ mergers }) => new ByteReader(mergers[input]!)));
      for (const element of merger.standing()) this.#task.control(input, element);
    }
  }

  #forward(output: number, batch: Batch): void {
    this.rowsOut += batch.count;
    this.#options.alive();
    this.#outlet.forward(output, batch);
  }

  /** Own state is sent at once: Flink takes it while its task stands still, and the parts while records flow again. */
  #barrier(checkpoint: number): void {
    const parts = this.#task.barrier();
    this.#outlet.flush();
    this.#pulls.add(checkpoint, parts);
    const { subtask, parallelism } = this.#place;
    this.#answer(FROM_TASK.barrier, (out) => {
      out.float64(checkpoint);
      writeOwnState(out, {
        ...{ subtask, parallelism, kept: this.#task.kept, parts: parts.own },
        mergers: this.#mergers.map(saved),
        results: this.#hosted.results.save(checkpoint),
      });
    });
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

/** With its length in front, −1 for none. */
function writeBytes(bytes: Uint8Array | null, out: ByteWriter): void {
  out.uint32(bytes === null ? 0xffffffff : bytes.length);
  if (bytes !== null) out.raw(bytes, 0, bytes.length);
}

function writeJson(value: unknown, out: ByteWriter): void {
  const json = Buffer.from(JSON.stringify(value));
  out.raw(json, 0, json.length);
}
