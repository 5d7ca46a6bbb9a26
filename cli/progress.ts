import { createLogUpdate } from "log-update";
import { formatTime } from "../base/time.ts";
import type { RunnerMetrics } from "../runtime/embedded-runner.ts";
import { grouped } from "./table.ts";
import { noteColors } from "./terminal.ts";

/** Shows how far a command is, on stderr. */
export interface Progress {
  /** Shows these lines instead of the ones before; cheap to call often. */
  show(lines: () => readonly string[]): void;
  /** Leaves the last lines standing. */
  done(): void;
}

const TERMINAL_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5_000;

/** Progress for whoever reads stderr: live on a terminal, else a line now and then; nothing at all if `quiet`. */
export function openProgress(quiet: boolean): Progress {
  if (quiet) return { show: () => undefined, done: () => undefined };
  // A terminal may say that it has no rows; log-update shows nothing there.
  return process.stderr.isTTY && process.stderr.rows > 0 ? new LiveProgress() : new PlainProgress();
}

class LiveProgress implements Progress {
  readonly #update = createLogUpdate(process.stderr);
  #shownAt = Number.NEGATIVE_INFINITY;
  #last: (() => readonly string[]) | undefined;

  show(lines: () => readonly string[]): void {
    this.#last = lines;
    const now = performance.now();
    if (now - this.#shownAt < TERMINAL_EVERY_MS) return;
    this.#shownAt = now;
    this.#update(lines().join("\n"));
  }

  done(): void {
    if (this.#last !== undefined) this.#update(this.#last().join("\n"));
    this.#update.done();
    this.#last = undefined;
    this.#shownAt = Number.NEGATIVE_INFINITY;
  }
}

class PlainProgress implements Progress {
  #shownAt = performance.now();
  /** Set once a line was written: then the last one is written too, with the final counts. */
  #last: (() => readonly string[]) | undefined;

  show(lines: () => readonly string[]): void {
    if (this.#last !== undefined) this.#last = lines;
    const now = performance.now();
    if (now - this.#shownAt < PLAIN_EVERY_MS) return;
    this.#shownAt = now;
    this.#last = lines;
    this.#write(lines);
  }

  done(): void {
    if (this.#last !== undefined) this.#write(this.#last);
    this.#last = undefined;
    this.#shownAt = performance.now();
  }

  #write(lines: () => readonly string[]): void {
    const parts = lines().map((line) => line.trim());
    process.stderr.write(`${parts.join("; ")}\n`);
  }
}

/** The lines that show a run: rate, frontiers, keys, verdicts. */
export function runLines(metrics: RunnerMetrics, startedAt: number, verdicts: number, alerts: number): string[] {
  const events = eventsOf(metrics);
  const seconds = (performance.now() - startedAt) / 1000;
  const keys = metrics.operators.reduce((sum, operator) => sum + operator.keys, 0);
  const rate = seconds > 0 ? events / seconds : 0;
  return [
    `${noteColors.bold("Checking")} ${grouped(events)} changes, ${grouped(rate)} changes/s`,
    ...metrics.sources.map(({ source, frontier }) => `  frontier of ${source}: ${formatTime(frontier)}`),
    `  ${grouped(keys)} keys open, ${grouped(verdicts)} verdicts emitted, ${grouped(alerts)} alerts`,
  ];
}

/** Changes that a run has read. */
export function eventsOf(metrics: RunnerMetrics): number {
  return metrics.sources.reduce((sum, source) => sum + source.changes, 0);
}
