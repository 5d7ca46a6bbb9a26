import type { Clock } from "../base/time.ts";

/**
 * Tells when a source goes stale: its reader was polling and its frontier did not move for `staleAfterMs` of
 * processing time. Working through a backlog is not waiting: the time starts anew whenever a round of polling did not
 * come to the end of what there is.
 */
export class StaleWatch {
  readonly #clock: Pick<Clock, "now">;
  readonly #staleAfterMs: number | undefined;
  readonly #sources = new Map<string, { frontier: number; since: number; stale: boolean }>();

  /** Without `staleAfterMs` no source is ever stale. */
  constructor(clock: Pick<Clock, "now">, staleAfterMs: number | undefined) {
    this.#clock = clock;
    this.#staleAfterMs = staleAfterMs;
  }

  /**
   * Looks at a source after a round of polling. `caughtUp` says that the round found the end of all its splits.
   * Gives the new status when it changed.
   */
  look(source: string, frontier: number, caughtUp: boolean): "stale" | "active" | undefined {
    if (this.#staleAfterMs === undefined) return undefined;
    const now = this.#clock.now();
    const known = this.#sources.get(source);
    if (known === undefined || frontier > known.frontier) {
      this.#sources.set(source, { frontier, since: now, stale: false });
      return known?.stale === true ? "active" : undefined;
    }
    if (known.stale) return undefined;
    if (!caughtUp) known.since = now;
    if (now - known.since < this.#staleAfterMs) return undefined;
    known.stale = true;
    return "stale";
  }
}
