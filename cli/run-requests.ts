import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { isError, messageOf, raise } from "../base/errors.ts";
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
const answerShape = z.object({ error: z.string().nullable() });

const ASKED = /^([0-9a-f-]{36})\.asked\.json$/;
const LOOK_EVERY_MS = 200;

/**
 * Wishes of other processes, as files in a folder of the run's state: whoever wishes puts a file down, the run answers with
 * another. What was asked of a run that is gone is gone with it.
 */
export class RequestFolder implements RunRequests {
  readonly #dir: string;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(stateDir: string) {
    this.#dir = requestsOf(stateDir);
    writing(this.#dir, () => {
      rmSync(this.#dir, { recursive: true, force: true });
      mkdirSync(this.#dir, { recursive: true });
    });
  }

  next(): RunRequest | undefined {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return undefined;
    this.#lookedAt = now;
    const file = readdirSync(this.#dir).find((name) => ASKED.test(name));
    if (file === undefined) return undefined;
    const [, id] = ASKED.exec(file)!;
    const wish = readWish(join(this.#dir, file));
    rmSync(join(this.#dir, file), { force: true });
    if (wish === undefined) return undefined;
    const { savepoint, stop } = wish;
    return {
      ...(savepoint === undefined ? {} : { savepoint }),
      ...(stop === undefined ? {} : { stop }),
      done: (error) => {
        const answer = { error: error === undefined ? null : messageOf(error) };
        putDown(join(this.#dir, `${id}.done.json`), answer);
      },
    };
  }
}

/**
 * Asks the run over a state folder for something, and waits until it is done. RUN_NOT_FOUND, RUN_SILENT,
 * RUN_REQUEST_FAILED.
 */
export async function askRun(stateDir: string, wish: Wish, timeoutMs: number): Promise<void> {
  const holder = holderOf(stateDir);
  const dir = requestsOf(stateDir);
  if (holder === undefined || !existsSync(dir)) raise("RUN_NOT_FOUND", { dir: stateDir });
  const id = randomUUID();
  putDown(join(dir, `${id}.asked.json`), wish);
  const answer = join(dir, `${id}.done.json`);
  for (const until = performance.now() + timeoutMs; performance.now() < until; await wait(LOOK_EVERY_MS / 4)) {
    if (existsSync(answer)) {
      const { error } = answerShape.parse(JSON.parse(readFileSync(answer, "utf8")));
      rmSync(answer, { force: true });
      if (error !== null) raise("RUN_REQUEST_FAILED", { reason: error });
      return;
    }
    if (holderOf(stateDir) === undefined) raise("RUN_NOT_FOUND", { dir: stateDir });
  }
  raise("RUN_SILENT", { pid: holder.pid, seconds: timeoutMs / 1000 });
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

function requestsOf(stateDir: string): string {
  return join(stateDir, "requests");
}
