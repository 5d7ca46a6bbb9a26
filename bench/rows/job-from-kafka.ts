import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { OUTPUTS } from "../../checks/records.ts";
import { type Config, readConfig } from "../../cli/config.ts";
import { eventsOf } from "../../cli/progress.ts";
import { Recorder } from "../../cli/recorder.ts";
import { scoreOf } from "../../cli/score.ts";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import type { RunnerMetrics } from "../../runtime/embedded-runner.ts";
import { decodeAlert, decodeVerdict } from "../../schemas/contracts.ts";
import { followJob, topicResults } from "../followed-job.ts";
import { kafkaShopConfig, openShopTopics, type ShopTopics, shopTopics, whyNoKafka } from "../kafka-topics.ts";
import { Phases } from "../phases.ts";
import { type BenchRow, cpuSince, type Measured } from "../row.ts";

const JOB = fileURLToPath(new URL("../../jobs/payment-settlement/job.ts", import.meta.url));
/** How far frontiers stay behind the last heartbeat: the longest transaction, and then some. */
const UNPROVEN_MS = 60_000;

/** The payment–settlement job as users run it over brokers, with all that it promises; verdicts are read back from the topic. */
export const jobFromKafka: BenchRow = {
  name: "job-from-kafka",
  what: "payment–settlement over topics, verdicts into topics exactly once, a checkpoint one second after the last",
  peerOf: "plain-node",
  whyNot: whyNoKafka,
  needs: openShopTopics,
  measure,
};

async function measure(folder: string): Promise<Measured> {
  const topics = shopTopics(folder);
  const config = writeConfig(join(folder, "job-from-kafka"), topics);
  const phases = new Phases(topics.events);
  const ending = new AbortController();
  const cpuAtStart = process.cpuUsage();
  const { seconds } = await followJob(paymentSettlement, JOB, config, {
    signal: ending.signal,
    onMetrics: (metrics) => {
      phases.read(eventsOf(metrics));
      if (hasReadAll(metrics, topics)) ending.abort();
    },
  });
  const cpuSeconds = cpuSince(cpuAtStart);
  const beside = phases.figures();
  const correct = await isRight(config, topics);
  return { events: topics.events, cpuSeconds, seconds, correct, beside };
}

/** Topics have no end: every source has to prove that it was read through its last heartbeat. */
function hasReadAll({ sources }: RunnerMetrics, { lastBeat }: ShopTopics): boolean {
  return sources.every(({ frontier }) => frontier >= lastBeat - UNPROVEN_MS);
}

function writeConfig(dir: string, topics: ShopTopics): Config {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  // The contracts of the results are registered beside the shop's schemas.
  cpSync(topics.schemas, join(dir, "schemas"), { recursive: true });
  const file = join(dir, "countercheck.json");
  writeFileSync(file, JSON.stringify(kafkaShopConfig(topics, "schemas")));
  return readConfig(file);
}

/** Holds what the topics have against the truth; what falls due where no time was proven may be missed. */
async function isRight(config: Config, { truth, lastBeat }: ShopTopics): Promise<boolean> {
  const recorder = new Recorder();
  const place = topicResults(paymentSettlement, config);
  try {
    const log = await place.open();
    const everything = log.positions();
    await log.visit("verdicts", everything, "start", (encoded) =>
      recorder.emitted(OUTPUTS.verdicts, decodeVerdict(encoded)),
    );
    await log.visit("alerts", everything, "start", (encoded) => recorder.emitted(OUTPUTS.alerts, decodeAlert(encoded)));
  } finally {
    await place.close();
  }
  const score = scoreOf(truth, recorder);
  const unproven = truth.faults.filter(({ dueAt }) => dueAt >= lastBeat - UNPROVEN_MS);
  const late = new Set(
    unproven.map(({ check, class: cause, key, currency }) => `${check}/${cause} ${key} ${currency}`),
  );
  const missed = score.misses.filter((name) => !late.has(name));
  const correct = score.found > 0 && missed.length === 0 && score.falseAlarms === 0;
  if (!correct) process.stderr.write(`missed: ${missed.join(", ")}; false: ${score.falseAlarmKeys.join(", ")}\n`);
  return correct;
}
