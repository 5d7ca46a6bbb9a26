import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { FlinkEndpoint } from "../../stack/endpoints.ts";
import { countercheck, startCountercheck } from "../support/cli.ts";

/** A job as it was submitted. */
export interface SubmittedJob {
  readonly job: string;
  readonly id: string;
  readonly epoch: number;
}

/** What `submitJob` takes. */
export interface Submission {
  /** Files of jobs, or folders with a `job.ts`. */
  readonly jobs: readonly string[];
  readonly config: string;
  readonly parallelism: number;
  readonly fromSavepoint?: string | undefined;
}

/** Jobs on a session cluster, by the commands that people have. Each fails with what the command said. */
export class FlinkJobs {
  readonly url: string;

  constructor({ url }: FlinkEndpoint) {
    this.url = url;
  }

  /** Returns when the first checkpoint is complete. */
  async submitJob(submission: Submission): Promise<SubmittedJob> {
    return this.#ask(submitting(submission));
  }

  /** The same command, for who does not wait until it is through. */
  startSubmitting(submission: Submission): ChildProcess {
    return startCountercheck([...submitting(submission), "--cluster", this.url]);
  }

  /** Gives the place of the savepoint. */
  async stopWithSavepoint(job: string): Promise<string> {
    return (await this.#ask<{ readonly savepoint: string }>(["stop", job])).savepoint;
  }

  async cancel(job: string): Promise<void> {
    await this.#ask(["jobs", "cancel", job]);
  }

  /** Gives the place of the last checkpoint, which stays. */
  async cancelKept(job: string): Promise<string> {
    await this.cancel(job);
    const { kept } = (await this.describe(job)).checkpoints;
    if (kept === null) throw new Error(`no checkpoint is kept: ${await this.tell(job)}`);
    return kept;
  }

  async describe(job: string): Promise<Described> {
    return this.#ask(["jobs", "describe", job]);
  }

  /** How a job is, and why it failed last, for people. */
  async tell(job: string): Promise<string> {
    const { state, checkpoints, failures } = await this.describe(job);
    const { completed, failed } = checkpoints;
    return `${job} is ${state}, with ${completed} checkpoints and ${failed} that failed. ${failures[0]?.reason ?? ""}`;
  }

  /** Waits until a job has completed so many checkpoints more than it has now. */
  async completes(job: string, more: number): Promise<void> {
    const { completed } = (await this.describe(job)).checkpoints;
    for (let tries = 0; (await this.describe(job)).checkpoints.completed < completed + more; tries++) {
      if (tries > 120) throw new Error(`no checkpoints: ${await this.tell(job)}`);
      await sleep(500);
    }
  }

  async #ask<T>(args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await countercheck([...args, "--cluster", this.url, "--json"]);
    if (code !== 0) throw new Error(`countercheck ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return JSON.parse(stdout) as T;
  }
}

function submitting({ jobs, config, parallelism, fromSavepoint }: Submission): string[] {
  const begin = fromSavepoint === undefined ? [] : ["--from-savepoint", fromSavepoint];
  // Node is where the TaskManagers of tests are.
  return ["submit", ...jobs, "--config", config, "--parallelism", String(parallelism), "--without-node", ...begin];
}

/** What `jobs describe` tells. */
export interface Described {
  readonly state: string;
  readonly checkpoints: {
    readonly completed: number;
    readonly failed: number;
    readonly restoredFrom: string | null;
    /** Of a job that is over: where it can be begun from. */
    readonly kept: string | null;
  };
  readonly failures: readonly { readonly at: string; readonly reason: string }[];
}

/** A Node process of a job, and the TaskManager that started it, by their ids. */
export interface NodeChild {
  readonly pid: number;
  readonly taskManager: number;
}

/** Node processes of jobs that TaskManagers with these ids have started. */
export function nodeChildrenOf(taskManagers: readonly number[]): NodeChild[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && textOf(Number(entry), "cmdline").includes("child.json"))
    .map((entry) => ({ pid: Number(entry), taskManager: parentOf(Number(entry)) }))
    .filter(({ taskManager }) => taskManagers.includes(taskManager));
}

/** True while there is a process of this id. */
export function isAlive(pid: number): boolean {
  const status = textOf(pid, "status");
  return status !== "" && !/^State:\s+Z/m.test(status);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(textOf(pid, "status"))?.[1]);
}

function textOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
