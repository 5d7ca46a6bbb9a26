import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { compareFindings } from "./findings.ts";
import type { Peer, PeerPlace, RunningPeer } from "./peer.ts";
import { threadSecondsOf, totalOf, type Usage, usageOf } from "./process-tree.ts";

/** What was measured of a peer. CPU is user and system time of all its processes. */
export interface PeerFigures {
  readonly name: string;
  readonly events: number;
  readonly isRight: boolean;
  /** From the middle of the run: between 30 and 90 % of the records. */
  readonly steadyCpuSecondsPerMillion: number;
  readonly steadyEventsPerCpuSecond: number;
  /** By program, of the steady part. */
  readonly steadyByProgram: Readonly<Record<string, number>>;
  /** The same by thread, as far as threads are known by name: `program/thread`. */
  readonly steadyByThread: Readonly<Record<string, number>>;
  /** All of it, compilation and the last checkpoint included, by million events. */
  readonly totalCpuSecondsPerMillion: number;
  /** Until all was read. */
  readonly seconds: number;
  readonly peakMemoryMb: number;
  /** Of the machine, in the middle of the run. */
  readonly load: number;
  readonly beside: Readonly<Record<string, number>>;
}

/** Runs a peer until it has found what it must, or for as long as that may take, and checks it. */
export async function measure(peer: Peer, place: PeerPlace): Promise<PeerFigures> {
  await using running = await peer.start(place);
  const watch = new Watch(running, place.set.events);
  await watch.untilRead();
  const comparison = await untilFound(running, place);
  const figures = watch.figures();
  if (!comparison.isRight)
    process.stderr.write(
      `${peer.name}: ${comparison.missed} missed, ${comparison.wrong} wrong of ${comparison.found}\n`,
    );
  for (const example of comparison.examples) process.stderr.write(`  ${example}\n`);
  const beside = (await running.beside?.()) ?? {};
  return { name: peer.name, isRight: comparison.isRight, ...figures, beside };
}

interface Sample {
  readonly atMs: number;
  readonly read: number;
  readonly usage: ReadonlyMap<string, Usage>;
}

const EVERY_MS = 200;
/** The part that counts as steady. */
const FROM = 0.3;
const TO = 0.9;
/** Without a record for so long, it hangs. */
const PATIENCE_MS = 180_000;
/** From the last record to the last verdict: a checkpoint, and some. */
const LAST_MS = 60_000;

/** Samples of how far a peer is, and what that has cost. */
class Watch {
  readonly #running: RunningPeer;
  readonly #events: number;
  readonly #samples: Sample[] = [];
  readonly #began = performance.now();
  #peakMemoryMb = 0;
  #load = 0;
  /** At the beginning and at the end of the steady part. */
  readonly #threads: ReadonlyMap<string, number>[] = [];

  constructor(running: RunningPeer, events: number) {
    this.#running = running;
    this.#events = events;
    this.#samples.push(this.#sample(0));
  }

  async untilRead(): Promise<void> {
    let newsAt = performance.now();
    for (;;) {
      await sleep(EVERY_MS);
      const read = await this.#running.read();
      const before = this.#samples.at(-1)!.read;
      const sample = this.#sample(Math.max(read, before));
      this.#samples.push(sample);
      if (read > before) newsAt = sample.atMs;
      const isAtMark = read >= [FROM, TO, Number.POSITIVE_INFINITY][this.#threads.length]! * this.#events;
      if (isAtMark) this.#threads.push(threadSecondsOf(this.#running.processes));
      if (this.#load === 0 && read > this.#events / 2) this.#load = loadavg()[0]!;
      if (read >= this.#events) return;
      const failure = await this.#running.failure();
      if (failure !== undefined) throw new Error(`it ended: ${failure}`);
      if (sample.atMs - newsAt > PATIENCE_MS) throw new Error(`it reads nothing; ${read} of ${this.#events} were read`);
    }
  }

  figures() {
    const first = this.#samples[0]!;
    const end = this.#samples.at(-1)!;
    const last = this.#sample(this.#events);
    const [from, to] = [FROM, TO].map((part) => this.#samples.find(({ read }) => read >= part * this.#events)!);
    const perMillion = (seconds: number, events: number) => round((seconds / events) * 1e6);
    const read = to!.read - from!.read;
    const cpu = (sample: Sample) => totalOf(sample.usage).cpuSeconds;
    const programs = [...to!.usage.keys()].map((program) => {
      const used = to!.usage.get(program)!.cpuSeconds - (from!.usage.get(program)?.cpuSeconds ?? 0);
      return [program, perMillion(used, read)] as const;
    });
    const steady = cpu(to!) - cpu(from!);
    return {
      events: this.#events,
      steadyCpuSecondsPerMillion: perMillion(steady, read),
      steadyEventsPerCpuSecond: Math.round(read / steady),
      steadyByProgram: Object.fromEntries(programs),
      steadyByThread: this.#byThread((seconds) => perMillion(seconds, read)),
      totalCpuSecondsPerMillion: perMillion(cpu(last) - cpu(first), this.#events),
      seconds: round((end.atMs - this.#began) / 1000),
      peakMemoryMb: Math.round(this.#peakMemoryMb),
      load: round(this.#load),
    };
  }

  /** Those that count for something, the dearest first. */
  #byThread(perMillion: (seconds: number) => number): Record<string, number> {
    const [from, to] = this.#threads;
    if (from === undefined || to === undefined) return {};
    const used = [...to].map(([name, seconds]) => [name, perMillion(seconds - (from.get(name) ?? 0))] as const);
    return Object.fromEntries(used.filter(([, each]) => each >= 0.1).toSorted(([, one], [, other]) => other - one));
  }

  #sample(read: number): Sample {
    const usage = usageOf(this.#running.processes);
    this.#peakMemoryMb = Math.max(this.#peakMemoryMb, totalOf(usage).memoryMb);
    return { atMs: performance.now(), read, usage };
  }
}

async function untilFound(running: RunningPeer, { set }: PeerPlace) {
  const deadline = performance.now() + LAST_MS;
  for (;;) {
    const comparison = compareFindings(set.findings, await running.findings());
    if (comparison.missed === 0 || performance.now() > deadline) return comparison;
    await sleep(1_000);
  }
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
