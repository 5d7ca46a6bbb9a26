import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Clock } from "../base/time.ts";
import type { Desk } from "../connectors/desk/desk.ts";
import type { Control } from "../dataflow/operator.ts";
import type { RecordFault, SourceOutput, SourceReader } from "../dataflow/source.ts";

const POLL_MS = 500;

/**
 * What people decided about a job's faults and suspensions, as its run must heed it: plain data, which can go to other
 * threads. `unsettled`: a record that was discarded may be met again, because a later decision says so.
 */
export type Decided =
  | { readonly type: "discarded"; readonly fault: string }
  | { readonly type: "unsettled"; readonly fault: string }
  | { readonly type: "resumed"; readonly suspension: string };

/** Looks up what people decided on the desk. The first call gives all that was ever decided. */
export class DecisionFeed {
  readonly #desk: Desk;
  readonly #clock: Pick<Clock, "now">;
  #seen = 0;
  #polledAt = Number.NEGATIVE_INFINITY;

  constructor(desk: Desk, clock: Pick<Clock, "now">) {
    this.#desk = desk;
    this.#clock = clock;
  }

  /** What was decided since the last call, looked up every half second at most. */
  take(): readonly Decided[] {
    const now = this.#clock.now();
    if (now - this.#polledAt < POLL_MS) return [];
    this.#polledAt = now;
    const decided: Decided[] = [];
    for (let more = this.#desk.decisions(this.#seen); more.length > 0; more = this.#desk.decisions(this.#seen)) {
      for (const { kind, id, decision } of more) {
        if (kind === "suspension") decided.push(...this.#resumed(id));
        else if (kind === "dead-letter")
          decided.push({ type: decision === "discarded" ? "discarded" : "unsettled", fault: id });
      }
      this.#seen = more.at(-1)!.seq;
    }
    return decided;
  }

  /** It reaches every check of a suspension, so it waits until all of them may go on. */
  #resumed(suspension: string): Decided[] {
    return this.#desk.suspension(suspension)?.state === "open" ? [] : [{ type: "resumed", suspension }];
  }
}

/**
 * Heeds what was decided where sources are read. A decision holds for what comes after it too: where a record that was
 * discarded, or a suspension that was resumed, is met again, nothing becomes of it. A record that was replayed is simply
 * read again by the next run.
 */
export class Heeding {
  readonly #discarded = new Set<string>();
  readonly #resumed = new Set<string>();
  #met: Control[] = [];

  /** Takes a decision in; gives the elements that tell the tasks of it. */
  apply(decided: Decided): Control[] {
    if (decided.type === "resumed") {
      this.#resumed.add(decided.suspension);
      return [decided];
    }
    const { fault } = decided;
    if (decided.type === "unsettled") this.#discarded.delete(fault);
    else this.#discarded.add(fault);
    return decided.type === "discarded" ? [{ type: "settled", fault }] : [];
  }

  /**
   * True for a record that was discarded, of which a row stage says that it cannot be used: it need not be told again,
   * and the tasks are told that it is settled by what `takeMet` gives next.
   */
  isSettled(fault: RecordFault): boolean {
    if (!this.#discarded.has(fault.id)) return false;
    this.#met.push({ type: "settled", fault: fault.id });
    return true;
  }

  /** True for a suspension that was resumed, which not the reader but what is behind it meets again. */
  isResumed(suspension: string): boolean {
    return this.#resumed.has(suspension);
  }

  /** Elements for records that were settled before they were met; to be handed to the tasks behind what was read. */
  takeMet(): readonly Control[] {
    if (this.#met.length === 0) return NONE;
    const met = this.#met;
    this.#met = [];
    return met;
  }

  /** A reader whose faults and suspensions are left out where they were decided. */
  heededBy(reader: SourceReader): SourceReader {
    const heed = (output: SourceOutput): SourceOutput => ({
      changes: (model, split, batch) => output.changes(model, split, batch),
      progress: (split, time) => output.progress(split, time),
      seeded: (split, time) => output.seeded(split, time),
      heartbeat: (time) => output.heartbeat(time),
      ended: (split, time) => output.ended(split, time),
      fault: (split, fault) => (this.#discarded.has(fault.id) ? undefined : output.fault(split, fault)),
      suspend: (split, suspension) =>
        this.#resumed.has(suspension.id) ? undefined : output.suspend(split, suspension),
      mended: (split, suspension) => output.mended(split, suspension),
      schema: (split, change) => output.schema(split, change),
    });
    return new HeedingReader(reader, heed);
  }
}

const NONE: readonly Control[] = [];

class HeedingReader implements SourceReader {
  readonly #reader: SourceReader;
  readonly #heed: (output: SourceOutput) => SourceOutput;
  #output: SourceOutput | undefined;
  #heeded: SourceOutput | undefined;

  constructor(reader: SourceReader, heed: (output: SourceOutput) => SourceOutput) {
    this.#reader = reader;
    this.#heed = heed;
  }

  get source() {
    return this.#reader.source;
  }

  get longestTransactionMs() {
    return this.#reader.longestTransactionMs;
  }

  get splits() {
    return this.#reader.splits;
  }

  formatPosition(major: number, minor: number, sub: number): string {
    return this.#reader.formatPosition(major, minor, sub);
  }

  read(split: number, maxBytes: number, output: SourceOutput): boolean | Promise<boolean> {
    if (output !== this.#output) {
      this.#output = output;
      this.#heeded = this.#heed(output);
    }
    return this.#reader.read(split, maxBytes, this.#heeded!);
  }

  position(split: number): number {
    return this.#reader.position(split);
  }

  endOffset(split: number, since: number): number | undefined {
    return this.#reader.endOffset(split, since);
  }

  save(split: number, out: ByteWriter): void {
    this.#reader.save(split, out);
  }

  restore(split: number, input: ByteReader): void | Promise<void> {
    return this.#reader.restore(split, input);
  }

  readsAgain(split: number): boolean {
    return this.#reader.readsAgain?.(split) ?? false;
  }

  close(): void {
    this.#reader.close();
  }
}
