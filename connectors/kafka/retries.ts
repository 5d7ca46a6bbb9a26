import { setTimeout as sleep } from "node:timers/promises";
import { isError } from "../../base/errors.ts";
import { kafkaErrorIds } from "./errors.ts";

/**
 * Runs `attempt` until it does not fail with something that passes by itself, or the time `deadline` (epoch ms) has come,
 * waiting a little longer from one time to the next. Only for requests that may be repeated.
 */
export async function retryUntil<T>(deadline: number, attempt: () => Promise<T>): Promise<T> {
  const backOff = new BackOff();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!passesByItself(error) || Date.now() >= deadline) throw error;
      await backOff.wait();
    }
  }
}

/** Waits longer from one time to the next: 5 ms, up to half a second. */
export class BackOff {
  #ms = FIRST_MS;

  async wait(): Promise<void> {
    await sleep(this.#ms);
    this.#ms = Math.min(this.#ms * 2, MOST_MS);
  }

  /** Begins from the shortest wait. */
  reset(): void {
    this.#ms = FIRST_MS;
  }
}

/** Whether a repeat may help, also where only some parts of a request failed and the others were not attempted. */
export function passesByItself(error: unknown): boolean {
  if (!isError(error)) return false;
  if (error.retryable) return true;
  const ids = kafkaErrorIds(error).filter((id) => id !== "OPERATION_NOT_ATTEMPTED");
  return ids.length > 0 && ids.every((id) => id === "UNKNOWN_TOPIC_OR_PARTITION" || id === "CONCURRENT_TRANSACTIONS");
}

const FIRST_MS = 5;
const MOST_MS = 500;
