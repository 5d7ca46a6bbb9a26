import { cpuSince } from "./row.ts";

/** From this part of the events on, code is compiled and buffers have their size. */
export const WARM = 0.25;

/** Tells what a run over a known number of events costs at its start from what it costs when it is warm. */
export class Phases {
  readonly #warmFrom: number;
  readonly #start = process.cpuUsage();
  #firstAt = 0;
  #warmAt = 0;
  #warmEvents = 0;
  #lastAt = 0;
  #lastEvents = 0;

  /** Begins now. `warmFrom`: from so many events on it is warm. */
  constructor(total: number, warmFrom = WARM * total) {
    this.#warmFrom = warmFrom;
  }

  /** Told how many events have been read in all; cheap to call often. */
  read(events: number): void {
    if (events === this.#lastEvents) return;
    const now = cpuSince(this.#start);
    if (this.#lastEvents === 0) this.#firstAt = now;
    if (this.#warmEvents === 0 && events >= this.#warmFrom) {
      this.#warmAt = now;
      this.#warmEvents = events;
    }
    this.#lastAt = now;
    this.#lastEvents = events;
  }

  /** CPU up to the first events; of a million events since it is warm; and what was left to do behind the last. */
  figures(): Readonly<Record<string, number>> {
    const warm = (this.#lastAt - this.#warmAt) / (this.#lastEvents - this.#warmEvents);
    return {
      startCpuSeconds: Number(this.#firstAt.toFixed(2)),
      steadyCpuSecondsPerMillion: Number((warm * 1e6).toFixed(2)),
      endCpuSeconds: Number((cpuSince(this.#start) - this.#lastAt).toFixed(2)),
    };
  }
}
