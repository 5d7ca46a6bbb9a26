import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { KafkaCluster } from "../connectors/kafka/cluster.ts";
import { readTopicToEnd } from "../connectors/kafka/read-topic.ts";
import { TransactionalProducer } from "../connectors/kafka/transactions.ts";
import { FolderRegistry } from "../schemas/folder-registry.ts";
import { deleteTopics } from "../test/real/topics.ts";
import { KafkaResults } from "./kafka-results.ts";
import { killAt, Run } from "./outputs.test-helper.ts";
import type { DeliveryPoint } from "./outputs.ts";

const { kafka } = inject("servers");
/** Keys of the verdicts, alerts and dead letters that a run of `OUTBOXES` leaves, in order. */
const LEFT = {
  verdicts: ["a", "b", "a", "a", "c", "b"],
  alerts: ["a", "a", "c", "b"],
  "dead-letters": ["payments/0/1", "payments/0/2", "payments/0/3"],
};

let dir: string;
let prefix: string;
let runs = 0;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countercheck-results-"));
  prefix = `results-${process.pid}-${runs++}.`;
});
afterEach(async () => {
  rmSync(dir, { recursive: true, force: true });
  await deleteTopics(kafka.brokers, prefix);
});

/** Where a job's results go. */
function placeOf(job: string): KafkaResults {
  const config = { kafka: { brokers: kafka.brokers }, prefix };
  return new KafkaResults({ config, job, registry: new FolderRegistry(join(dir, "schemas")), configFile: "c.json" });
}

/** Committed records, as they are read by the end. */
async function left() {
  const cluster = new KafkaCluster({ clientId: "countercheck-test", brokers: kafka.brokers });
  try {
    const read = async (topic: string) => {
      const keys: string[] = [];
      await readTopicToEnd(cluster, prefix + topic, 0, "earliest", ({ count, buffer, keyStarts, keyEnds }) => {
        for (let i = 0; i < count; i++) keys.push(Buffer.from(buffer.subarray(keyStarts[i]!, keyEnds[i]!)).toString());
      });
      return keys;
    };
    return {
      verdicts: await read("verdicts"),
      alerts: await read("alerts"),
      "dead-letters": await read("dead-letters"),
    };
  } finally {
    await cluster.close();
  }
}

/** Lets a run live until it is killed or through; gives whether it was killed. */
async function live(run: Run, onPoint: (point: DeliveryPoint) => void = () => undefined): Promise<boolean> {
  const place = placeOf("settlement");
  try {
    await run.start({ place, onPoint });
    await run.toEnd();
    return false;
  } catch (error) {
    if (!(error instanceof Error && error.message === "killed")) throw error;
    return true;
  } finally {
    await run.die();
    await place.close();
  }
}

describe("results in topics, of a run that dies", () => {
  const POINTS = ["outbox-begun", "outbox-sent", "marker-written"] as const;

  it.each(POINTS)("are there once where it dies at %s", async (at) => {
    const run = new Run(dir);
    const killed = [];
    // Each life dies one delivery later than the one before.
    for (const diesAt of [1, 2, 1, 1]) killed.push(await live(run, killAt(at, diesAt)));
    expect(killed[0]).toBe(true);
    while (await live(run));
    expect(await left()).toEqual(LEFT);
  });

  it.each(POINTS)("are there once where it dies at %s and its newest checkpoint is damaged", async (at) => {
    const run = new Run(dir);
    expect(await live(run, killAt(at, 3))).toBe(true);
    run.loseNewest();
    expect(await live(run, killAt("outbox-sent", 1))).toBe(true);
    expect(await live(run)).toBe(false);
    const { verdicts, ...others } = await left();
    expect(verdicts.toSorted()).toEqual(LEFT.verdicts.toSorted());
    expect(others).toEqual({ alerts: LEFT.alerts, "dead-letters": LEFT["dead-letters"] });
  });

  it("are told from those of another job, which writes to the same topics and lives on", async () => {
    const [run, other] = [new Run(dir), new Run(mkdtempSync(join(dir, "other-")))];
    const otherPlace = placeOf("other");
    await other.start({ place: otherPlace });
    await other.checkpoint();
    expect(await live(run, killAt("marker-written", 2))).toBe(true);
    await other.checkpoint();
    await other.checkpoint();
    run.loseNewest();
    expect(await live(run)).toBe(false);
    await other.toEnd();
    await otherPlace.close();
    const { verdicts } = await left();
    expect(verdicts.toSorted()).toEqual([...LEFT.verdicts, ...LEFT.verdicts].toSorted());
  });
});

it("tells the last marker without taking over from the run that writes", async () => {
  const run = new Run(dir);
  const place = placeOf("settlement");
  await run.start({ place });
  await run.checkpoint();
  const onlooker = placeOf("settlement");
  expect(await onlooker.peekMarker()).toMatchObject({ job: "settlement", checkpoint: 1 });
  await onlooker.close();
  await run.toEnd();
  await place.close();
  expect(await left()).toEqual(LEFT);
});

it("ends the run that was before, when another takes over", async () => {
  const run = new Run(dir);
  const place = placeOf("settlement");
  await run.start({ place });
  await run.checkpoint();
  const successor = placeOf("settlement");
  expect(await successor.lastMarker()).toMatchObject({ checkpoint: 1 });
  await run.checkpoint();
  await expect(run.checkpoint()).rejects.toMatchObject({ code: "KAFKA_FENCED" });
  await run.die();
  await Promise.all([place.close(), successor.close()]);
});

it("looks at the last marker beside a transaction that a dead run has left open", async () => {
  const run = new Run(dir);
  const place = placeOf("settlement");
  await run.start({ place });
  await run.checkpoint();
  await run.die();
  await place.close();
  const cluster = new KafkaCluster({ clientId: "countercheck-test", brokers: kafka.brokers });
  const dead = await TransactionalProducer.open(cluster, { transactionalId: `${prefix}settlement` });
  const stuck = dead.commit(endless(`${prefix}markers`)).catch(() => undefined);
  const onlooker = placeOf("settlement");
  expect(await onlooker.peekMarker()).toMatchObject({ checkpoint: 1 });
  expect(await onlooker.lastMarker()).toMatchObject({ checkpoint: 1 });
  await onlooker.close();
  await cluster.close();
  await stuck;
});

/** Records that fill a transaction until its producer is gone. */
function* endless(topic: string) {
  for (let i = 0; i < 40; i++) yield { topic, key: Buffer.from("k"), value: Buffer.alloc(900_000, i), timestamp: i };
}
