import { messageOf, raise } from "../../base/errors.ts";
import type { KeptRow } from "../../dataflow/kept-rows.ts";
import type { Lookup } from "../../dataflow/lookups/lookup.ts";

/** A row that something is asked about. Once that is over, it has either an answer or a failure. */
export interface Question {
  readonly type: "row";
  readonly row: KeptRow;
  readonly time: number;
  readonly seed: number | null;
  answer: readonly Result[] | undefined;
  /** Why there will be no answer. */
  failure: string | undefined;
}

/** A row that a look-up gave, as it gave it. */
export type Result = Readonly<Record<string, unknown>>;

/** Several rows of which one call of the job's function is to give the results. */
interface Call {
  readonly questions: readonly Question[];
  readonly firstAskedAt: number;
  /** How often it was tried before. */
  readonly triesBefore: number;
  readonly abort: AbortController;
}

interface Settled {
  readonly call: Call;
  readonly results: unknown;
  readonly failed: boolean;
}

/** Before the second try; each further time twice as long. */
const RETRY_MS = 100;

/**
 * Calls a job's look-up function, and calls it again where it failed. What comes back waits until `poll`, and so does what
 * is over time. Times are of processing, in ms.
 */
export class LookupCalls {
  readonly #uid: string;
  readonly #lookup: Lookup;
  readonly #mayFail: boolean;
  readonly #onSettled: () => void;
  readonly #running = new Set<Call>();
  readonly #resting = new Map<Call, number>();
  #settled: Settled[] = [];

  /** Without `mayFail` a failure is thrown by `poll`; `onSettled` is called when there is something for it. */
  constructor(uid: string, lookup: Lookup, mayFail: boolean, onSettled: () => void) {
    this.#uid = uid;
    this.#lookup = lookup;
    this.#mayFail = mayFail;
    this.#onSettled = onSettled;
  }

  ask(questions: readonly Question[], now: number): void {
    this.#try(questions, now, 0);
  }

  /**
   * Takes in what has come since, and gives up what is over time; true when there was any. JOB_LOOKUP_FAILED where a
   * question failed; JOB_WRONG_VALUE where the function gave something else than a result for each row.
   */
  poll(now: number): boolean {
    const settled = this.#settled;
    this.#settled = [];
    for (const { call, results, failed } of settled) {
      if (!this.#running.delete(call)) continue;
      if (failed) this.#failed(call, call.questions, results, now);
      else this.#answered(call, results, now);
    }
    const isOver = this.#giveUp(now);
    for (const [call, until] of this.#resting) {
      if (until > now) continue;
      this.#resting.delete(call);
      this.#try(call.questions, call.firstAskedAt, call.triesBefore);
    }
    return settled.length > 0 || isOver;
  }

  /** Nobody waits for results any more. */
  close(): void {
    for (const { abort } of this.#running) abort.abort();
    this.#running.clear();
    this.#resting.clear();
  }

  #try(questions: readonly Question[], firstAskedAt: number, triesBefore: number): void {
    const call = { questions, firstAskedAt, triesBefore, abort: new AbortController() };
    this.#running.add(call);
    const settle = (results: unknown, failed: boolean) => {
      if (!this.#running.has(call)) return;
      this.#settled.push({ call, results, failed });
      this.#onSettled();
    };
    const rows = questions.map(({ row }) => row);
    // Async, so that what the function throws at once is a rejection too.
    const asked = (async () => this.#lookup.ask(rows, call.abort.signal))();
    asked.then(
      (results) => settle(results, false),
      (error: unknown) => settle(error, true),
    );
  }

  #giveUp(now: number): boolean {
    const { timeoutMs } = this.#lookup;
    let isOver = false;
    for (const call of this.#running) {
      if (now - call.firstAskedAt < timeoutMs) continue;
      isOver = true;
      this.#running.delete(call);
      call.abort.abort();
      this.#fail(call.questions, `there was no answer within ${timeoutMs} ms`, undefined);
    }
    return isOver;
  }

  #answered(call: Call, results: unknown, now: number): void {
    const { questions } = call;
    if (!Array.isArray(results) || results.length !== questions.length) {
      const value = Array.isArray(results) ? `list of ${results.length}` : typeof results;
      raise("JOB_WRONG_VALUE", { field: this.#uid, kind: `a list of ${questions.length} results, one a row`, value });
    }
    let failed: Question[] | undefined;
    let reason: unknown;
    for (const [i, question] of questions.entries()) {
      const result = results[i] as unknown;
      if (result instanceof Error) {
        reason ??= result;
        failed ??= [];
        failed.push(question);
      } else if (result === null || result === undefined) question.answer = NOTHING;
      else question.answer = Array.isArray(result) ? (result as Result[]) : [result as Result];
    }
    if (failed !== undefined) this.#failed(call, failed, reason, now);
  }

  #failed(call: Call, questions: readonly Question[], error: unknown, now: number): void {
    const { firstAskedAt, triesBefore } = call;
    const { retries, timeoutMs } = this.#lookup;
    const until = now + RETRY_MS * 2 ** triesBefore;
    if (triesBefore >= retries || until - firstAskedAt >= timeoutMs) this.#fail(questions, messageOf(error), error);
    else this.#resting.set({ ...call, questions, triesBefore: triesBefore + 1 }, until);
  }

  #fail(questions: readonly Question[], reason: string, cause: unknown): void {
    if (!this.#mayFail) raise("JOB_LOOKUP_FAILED", { place: this.#uid, reason }, { cause });
    for (const question of questions) question.failure = reason;
  }
}

const NOTHING: readonly Result[] = [];
