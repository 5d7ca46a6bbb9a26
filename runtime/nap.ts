import type { Clock } from "../base/time.ts";

/** Sleeps that something may end: what wakes between two of them ends the next one before it begins. */
export class Nap {
  readonly #clock: Pick<Clock, "sleep">;
  #isDue = false;
  #end: AbortController | undefined;

  constructor(clock: Pick<Clock, "sleep">) {
    this.#clock = clock;
  }

  wake(): void {
    this.#isDue = true;
    this.#end?.abort();
  }

  /** Waits so many milliseconds, or until the signal or `wake` comes. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#isDue && !signal.aborted) {
      const end = new AbortController();
      const stop = () => end.abort();
      this.#end = end;
      signal.addEventListener("abort", stop);
      await this.#clock.sleep(ms, end.signal);
      signal.removeEventListener("abort", stop);
      this.#end = undefined;
    }
    this.#isDue = false;
  }
}
