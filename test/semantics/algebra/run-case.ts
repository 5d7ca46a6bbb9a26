import { setImmediate as eventsToCome } from "node:timers/promises";
import { AFTER_ALL_TIME } from "../../../base/time.ts";
import type { Job } from "../../../checks/job.ts";
import { JobHarness } from "../../support/job-harness.ts";
import type { AlgebraCase, InputRow, Output, StepInput, Time } from "./format.ts";
import { caseJob } from "./jobs/case-job.ts";
import { LOOKUP, Oracle } from "./jobs/lookups.ts";
import { MODELS, valuesOf } from "./jobs/models.ts";
import { MAIN, toldBy } from "./jobs/tell.ts";

/** How a case is run. */
export interface Way {
  /** How many workers there are in a step, by its index. */
  readonly parallelism: (step: number) => number;
  /**
   * What is before each step but the first: nothing, a barrier, or a barrier at which the run ends, so that a new one goes on
   * from what was held there.
   */
  readonly between: "nothing" | "barrier" | "restore";
}

/** What came out of a case. */
export interface CaseRun {
  /** Of each step. */
  readonly outputs: readonly (readonly Output[])[];
  /** Keys with state before each step but the first, where there is a barrier and no restore. */
  readonly keys: readonly number[];
  /** What ended the job, if it failed. */
  readonly error: unknown;
  /** The run as its last step left it. */
  readonly harness: CaseHarness;
}

/** Runs a case's steps. */
export async function runCase(one: AlgebraCase, { parallelism, between }: Way): Promise<CaseRun> {
  const harness = new CaseHarness(one, parallelism(0));
  const outputs: Output[][] = [];
  const keys: number[] = [];
  let error: unknown;
  for (const [index, [input]] of one.steps.entries()) {
    try {
      if (index > 0 && between === "barrier") keys.push(harness.keys());
      if (index > 0 && between === "restore") await harness.restore(parallelism(index));
      await harness.step(input, index);
    } catch (thrown) {
      error = thrown;
    }
    outputs.push(harness.take());
    if (error !== undefined) break;
  }
  return { outputs, keys, error, harness };
}

/** Sinks that a case may have outputs in. */
const OUTPUTS = [MAIN, "late", "late-left", "late-right", "rules-seen", "rows-seen"];

/** A case's job with the steps of a case. */
export class CaseHarness {
  readonly #one: AlgebraCase;
  readonly #job: Job;
  readonly #oracle = new Oracle();
  #harness: JobHarness;
  #parallelism: number;
  #clock = 0;

  constructor(one: AlgebraCase, parallelism: number) {
    this.#one = one;
    this.#parallelism = parallelism;
    this.#job = caseJob(one, this.#oracle);
    this.#harness = new JobHarness(this.#job, parallelism).processingTime(0);
  }

  /** Goes on, in a new run of so many workers, from what is held at a barrier. */
  async restore(parallelism: number): Promise<void> {
    this.#parallelism = parallelism;
    this.#harness = new JobHarness(this.#job, parallelism, this.#harness.hold());
    await this.#settle();
  }

  async step(input: StepInput, index: number): Promise<void> {
    const harness = this.#harness;
    switch (input.type) {
      case "row":
        this.#row(input, index);
        break;
      case "watermark":
        harness.watermark(timeOf(input.time), ...(input.input === undefined ? [] : [MODELS[input.input]]));
        break;
      case "processing-time":
        this.#clock = input.time;
        harness.processingTime(input.time);
        break;
      case "answer":
        for (const value of input.values) {
          this.#oracle.answer(value);
          await this.#settle();
        }
        break;
      case "end":
        harness.end();
    }
    await this.#settle();
  }

  /** What came out since the last call. */
  take(): Output[] {
    return OUTPUTS.flatMap((output) => this.#harness.take(output).map((record) => toldBy(record, output)));
  }

  /** Lets a barrier through; gives how many keys have state at it, and how many look-ups rows in hand. */
  keys(): number {
    const { records, saved } = this.#harness.hold();
    const inHand = saved.get(LOOKUP)?.filter(({ length }) => length > 0) ?? [];
    return records.length + inHand.length;
  }

  #row(row: InputRow, index: number): void {
    // Rows of a look-up have an order only within their split.
    const worker = this.#one.operator.kind === "async-lookup" ? 0 : index % this.#parallelism;
    const kind = row.kind === "add" ? 1 : -1;
    this.#harness.row(MODELS[row.input], valuesOf(row, this.#one.operator), timeOf(row.time), { kind, worker });
  }

  /** Lets look-ups ask, and hands on what they have brought. */
  async #settle(): Promise<void> {
    if (this.#one.operator.kind !== "async-lookup") return;
    this.#harness.poll(this.#clock);
    await eventsToCome();
    this.#harness.poll(this.#clock);
  }
}

const timeOf = (time: Time): number => (time === "forever" ? AFTER_ALL_TIME : time);
