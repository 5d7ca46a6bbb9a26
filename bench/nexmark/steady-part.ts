import { cpuSince } from "../row.ts";

/** What a run took. */
export interface Measured {
  readonly events: number;
  readonly seconds: number;
  /** Of the process, from its start to its end. */
  readonly cpuSeconds: number;
  readonly steadyEvents: number;
  readonly steadyCpuSeconds: number;
}

/** The steady part lies between these parts of all events: code is compiled by then, and the end is yet to come. */
const FROM = 0.4;
const TO = 0.9;

/** Tells what the middle of a run cost; Flink's side has the same in Java. */
export class SteadyPart {
  readonly #startedAt = performance.now();
  #events = 0;
  #from: { readonly events: number; readonly cpu: number } | undefined;
  #to: { readonly events: number; readonly cpu: number } | undefined;

  /** So many of all events have been read. */
  read(events: number, all: number): void {
    this.#events = events;
    if (this.#from === undefined && events >= FROM * all) this.#from = { events, cpu: cpu() };
    if (this.#to === undefined && events >= TO * all) this.#to = { events, cpu: cpu() };
  }

  measured(): Measured {
    const [from, to] = [this.#from!, this.#to!];
    return {
      events: this.#events,
      seconds: (performance.now() - this.#startedAt) / 1_000,
      cpuSeconds: cpu(),
      steadyEvents: to.events - from.events,
      steadyCpuSeconds: to.cpu - from.cpu,
    };
  }
}

/** CPU of this process since it began. */
function cpu(): number {
  return cpuSince({ user: 0, system: 0 });
}
