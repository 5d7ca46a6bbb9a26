import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { type ErrorCode, errorCatalogue } from "../base/error-catalogue.ts";
import { type ErrorDetails, isError, messageOf, raise } from "../base/errors.ts";
import { holderOf } from "../base/folder-lock.ts";
import type { RunRequest, RunRequests } from "../runtime/embedded-runner.ts";
import { writing } from "./write-text.ts";

/** What a person asks of a run that goes on: a savepoint, an end, or both. */
export interface Wish {
  /** Folder for a savepoint, absolute. */
  readonly savepoint?: string | undefined;
  readonly stop?: "drain" | "keep" | undefined;
}

const wishShape = z.strictObject({
  savepoint: z.string().min(1).optional(),
  stop: z.enum(["drain", "keep"]).optional(),
});
const failureShape = z.object({
  code: z.string().optional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  message: z.string(),
});
type Failure = z.infer<typeof failureShape>;

const answerShape = z.object({ error: failureShape.nullable() });

const ASKED = /^([0-9a-f-]{36})\.asked\.json$/;
const LOOK_EVERY_MS = 200;

/**
 * Wishes of other processes, as files in a folder of the run's state: whoever wishes puts a file down, the run answers with
 * another. What was asked of a run that is gone is not done by the next one.
 */
export class RequestFolder implements RunRequests {
  readonly #dir: string;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(stateDir: string) {
    this.#dir = requestsOf(stateDir);
    let early: string[] = [];
    writing(this.#dir, () => {
      mkdirSync(this.#dir, { recursive: true });
      early = this.#asked();
      for (const file of readdirSync(this.#dir)) rmSync(join(this.#dir, file), { recursive: true, force: true });
    });
    for (const id of early) this.#answer(id, { message: "It had only begun; ask again." });
  }

  next(): RunRequest | undefined {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return undefined;
    this.#lookedAt = now;
    const [id] = this.#asked();
    if (id === undefined) return undefined;
    const wish = readWish(askedFile(this.#dir, id));
    rmSync(askedFile(this.#dir, id), { force: true });
    if (wish === undefined) {
      this.#answer(id, {
        message: "It does not understand what it was asked; does another version of countercheck ask?",
      });
      return undefined;
    }
    const { savepoint, stop } = wish;
    return {
      ...(savepoint === undefined ? {} : { savepoint }),
      ...(stop === undefined ? {} : { stop }),
      done: (error) => this.#answer(id, error === undefined ? null : failureOf(error)),
    };
  }

  #asked(): string[] {
    return readdirSync(this.#dir).flatMap((name) => ASKED.exec(name)?.[1] ?? []);
  }

  #answer(id: string, error: Failure | null): void {
    putDown(answerFile(this.#dir, id), { error });
  }
}

/**
 * Asks the run over a state folder for something, and waits until it is done, for a stop until the run is gone.
 * RUN_NOT_FOUND, RUN_ENDED, RUN_SILENT, RUN_REQUEST_FAILED.
 */
export async function askRun(stateDir: string, wish: Wish, timeoutMs: number): Promise<void> {
  const holder = holderOf(stateDir);
  const dir = requestsOf(stateDir);
  if (holder === undefined || !existsSync(dir)) raise("RUN_NOT_FOUND", { dir: stateDir });
  const id = randomUUID();
  putDown(askedFile(dir, id), wish);
  const until = performance.now() + timeoutMs;
  const isGone = () => holderOf(stateDir)?.pid !== holder.pid;
  let isDone = false;
  while (!isDone) {
    // Looked up first, so that the answer of a run that is gone by now is seen.
    const wasGone = isGone();
    const answer = takeAnswer(dir, id);
    if (answer?.error) raiseFailure(answer.error);
    isDone = answer !== undefined;
    if (wasGone && !isDone) raise("RUN_ENDED", { dir: stateDir });
    if (!isDone) await waitUntil(until, holder.pid, timeoutMs);
  }
  while (wish.stop !== undefined && !isGone()) await waitUntil(until, holder.pid, timeoutMs);
}

/** An error of the run becomes the same here. */
function raiseFailure({ code, details, message }: Failure): never {
  if (code !== undefined && Object.hasOwn(errorCatalogue, code)) raise(code as ErrorCode, details);
  raise("RUN_REQUEST_FAILED", { reason: message });
}

function failureOf(error: unknown): Failure {
  const message = messageOf(error);
  if (!isError(error)) return { message };
  const details = Object.entries(error.details).map(([name, value]) => [name, plain(value)] as const);
  return { code: error.code, details: Object.fromEntries(details), message };
}

function plain(value: ErrorDetails[string]): string | number | boolean {
  return typeof value === "bigint" || value === undefined ? String(value) : value;
}

async function waitUntil(until: number, pid: number, timeoutMs: number): Promise<void> {
  if (performance.now() > until) raise("RUN_SILENT", { pid, seconds: timeoutMs / 1000 });
  await wait(LOOK_EVERY_MS / 4);
}

function takeAnswer(dir: string, id: string): z.infer<typeof answerShape> | undefined {
  const file = answerFile(dir, id);
  if (!existsSync(file)) return undefined;
  const answer = answerShape.parse(JSON.parse(readFileSync(file, "utf8")));
  rmSync(file, { force: true });
  return answer;
}

function readWish(path: string): Wish | undefined {
  try {
    return wishShape.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (isError(error)) throw error;
    return undefined;
  }
}

/** The file is there whole or not at all. */
function putDown(path: string, content: object): void {
  writing(path, () => {
    writeFileSync(`${path}.new`, JSON.stringify(content));
    renameSync(`${path}.new`, path);
  });
}

function askedFile(dir: string, id: string): string {
  return join(dir, `${id}.asked.json`);
}

function answerFile(dir: string, id: string): string {
  return join(dir, `${id}.done.json`);
}

function requestsOf(stateDir: string): string {
  return join(stateDir, "requests");
}
