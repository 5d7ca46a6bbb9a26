import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Postgres } from "../../shop/postgres.ts";
import { deleteTopics } from "../../test/real/topics.ts";
import { Arrivals } from "./arrivals.ts";
import type { Checkpoints } from "./flink-rest.ts";
import { writeTraffic } from "./live-traffic.ts";
import { writeConfig } from "./runs/config.ts";
import { startOnFlink } from "./runs/countercheck-flink.ts";
import { dropTopicSet, openTopicSet } from "./topic-set.ts";

/** What a run under live traffic is made of. */
export interface LiveOptions {
  /** Events that are in the topics before, so that there is state. */
  readonly before: number;
  readonly rate: number;
  readonly seconds: number;
  readonly checkpointEvery: string;
  /** `state.memory`. */
  readonly memory: string;
}

/** How long verdicts took, in ms. */
export interface Latency {
  readonly verdicts: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** What was seen of it. */
export interface LiveFigures {
  /** From the record's way into Kafka until the verdict is in its topic. */
  readonly written: Latency;
  /** Until readers see it who wait for transactions. */
  readonly committed: Latency;
  /** Verdicts that should have come and did not. */
  readonly missed: number;
  /** What the slowest took longer than half of them: for so long the stream stood still, at most. */
  readonly stallMs: number;
  /** How far the traffic itself fell behind at worst. */
  readonly trafficBehindMs: number;
  /** While there was traffic; durations and sizes of the last ones. */
  readonly checkpoints: number;
  readonly failedCheckpoints: number;
  readonly longestCheckpointMs: number;
  readonly stateMb: number;
  readonly load: number;
}

const FOLDER = resolve(".countercheck/bench/peers");
const JOB = join(import.meta.dirname, "live-job.ts");
/** At the beginning, while code is not compiled yet, in ms. */
const WARM_MS = 15_000;
/** For the last checkpoint. */
const PATIENCE_MS = 130_000;

/** Runs the job on Flink over what was there before, and then under traffic. Rejects as `startOnFlink` and KAFKA_ errors say. */
export async function runLive({ before, rate, seconds, checkpointEvery, memory }: LiveOptions): Promise<LiveFigures> {
  // Times of PostgreSQL are those of commits: nothing has to be waited for.
  const databases = { payments: new Postgres(), lines: new Postgres() };
  await using set = await openTopicSet(FOLDER, before, databases);
  const place = { set, folder: join(FOLDER, "runs", "live"), results: `results-${randomBytes(4).toString("hex")}.` };
  rmSync(place.folder, { recursive: true, force: true });
  try {
    await using running = await startOnFlink(place, JOB, (where) =>
      writeConfig(where, { checkpointEvery, memory, paymentsFrom: "postgresql" }),
    );
    await until(async () => {
      const failure = await running.failure();
      if (failure !== undefined) throw new Error(failure);
      return (await running.read()) >= set.events;
    });
    // A checkpoint behind the last of what was there before: nothing of it is left to do.
    const { completed } = await running.rest.checkpoints(running.id);
    await until(async () => (await running.rest.checkpoints(running.id)).completed >= completed + 2);
    const earlier = await running.rest.checkpoints(running.id);
    const topic = `${place.results}verdicts`;
    await using written = await Arrivals.open(set.brokers, topic, "written");
    await using committed = await Arrivals.open(set.brokers, topic, "committed");
    const from = Date.now() + WARM_MS;
    const caused = new Map<string, number>();
    const { behindMs } = await writeTraffic(set, { rate, seconds, databases }, caused);
    const load = Number(loadavg()[0]!.toFixed(2));
    const checkpoints = since(earlier, await running.rest.checkpoints(running.id));
    // The last ones wait for a checkpoint.
    const deadline = Date.now() + PATIENCE_MS;
    await until(async () => [...caused.keys()].every((payment) => committed.at.has(payment)) || Date.now() > deadline);
    const seen = latencyOf(caused, written.at, from);
    return {
      written: seen,
      committed: latencyOf(caused, committed.at, from),
      missed: [...caused.keys()].filter((payment) => !committed.at.has(payment)).length,
      stallMs: seen.longest - seen.p50,
      trafficBehindMs: Math.round(behindMs),
      ...checkpoints,
      load,
    };
  } finally {
    await deleteTopics(set.brokers, place.results);
    await dropTopicSet(set);
  }
}

function since(earlier: Checkpoints, now: Checkpoints) {
  const history = now.history.filter(({ id }) => id > (earlier.latest?.id ?? 0));
  return {
    checkpoints: now.completed - earlier.completed,
    failedCheckpoints: now.failed - earlier.failed,
    longestCheckpointMs: Math.max(0, ...history.map(({ durationMs }) => durationMs)),
    stateMb: Math.round((now.latest?.bytes ?? 0) / 2 ** 20),
  };
}

function latencyOf(caused: ReadonlyMap<string, number>, seen: ReadonlyMap<string, number>, from: number): Latency {
  const took: number[] = [];
  for (const [payment, at] of caused) {
    const then = seen.get(payment);
    if (at >= from && then !== undefined) took.push(then - at);
  }
  took.sort((one, other) => one - other);
  const at = (part: number) => took[Math.min(took.length - 1, Math.floor(part * took.length))] ?? 0;
  return { verdicts: took.length, p50: at(0.5), p99: at(0.99), longest: at(1) };
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await sleep(500);
}
