import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { messageOf } from "../../base/errors.ts";
import { deleteTopics } from "../../test/real/topics.ts";
import { thisMachine } from "../machine.ts";
import { measure } from "./measure.ts";
import type { Peer } from "./peer.ts";
import { type KeptFigures, printFigures, reportChart, reportPage } from "./report.ts";
import { countercheck, countercheckFull } from "./runs/countercheck.ts";
import { countercheckFlink, countercheckFlinkFull } from "./runs/countercheck-flink.ts";
import { flinkHeap, flinkRocksDb, flinkSql } from "./runs/flink-java.ts";
import { kafkaStreams } from "./runs/kafka-streams.ts";
import { plainNodePeer } from "./runs/plain-node.ts";
import { openTopicSet, type TopicSet } from "./topic-set.ts";

const PEERS: readonly Peer[] = [
  countercheck,
  countercheckFull,
  countercheckFlink,
  countercheckFlinkFull,
  flinkRocksDb,
  flinkHeap,
  flinkSql,
  kafkaStreams,
  plainNodePeer,
];

interface Options {
  readonly events: string;
  readonly only?: string;
  readonly again?: true;
  readonly json?: true;
  readonly write?: true;
}

const folder = resolve(".countercheck/bench/peers");

await new Command("bench:peers")
  .description(
    "Runs the same check with others' engines over the same topics, and says what an event costs in CPU time.",
  )
  .option("--events <n>", "events in the topics", "3000000")
  .option("--only <names>", `some peers: names with commas between them (${PEERS.map(({ name }) => name).join(", ")})`)
  .option("--again", "also those that were measured already")
  .option("--json", "one JSON document on stdout")
  .option("--write", "writes bench/results/peers.md and its chart")
  .action(main)
  .parseAsync();

async function main({ events, only, again, json, write }: Options): Promise<void> {
  const wanted = PEERS.filter(({ name }) => only === undefined || only.split(",").includes(name));
  if (wanted.length === 0) throw new Error(`There is no peer ${only}.`);
  await using set = await openTopicSet(folder, Number(events));
  const results = join(folder, `${set.prefix}results`);
  mkdirSync(results, { recursive: true });
  for (const peer of wanted) {
    const file = join(results, `${peer.name}.json`);
    if (existsSync(file) && !again) continue;
    const reason = peer.whyNot?.();
    if (reason !== undefined) process.stderr.write(`${peer.name}: left out. ${reason}\n`);
    else await measureInto(file, peer, set);
  }
  const all = PEERS.map(({ name }) => join(results, `${name}.json`)).filter((file) => existsSync(file));
  const figures = all.map((file) => JSON.parse(readFileSync(file, "utf8")) as KeptFigures);
  if (json) process.stdout.write(`${JSON.stringify({ machine: thisMachine(), peers: figures })}\n`);
  else printFigures(figures);
  if (write) {
    const page = join(import.meta.dirname, "../results/peers.md");
    writeFileSync(page, reportPage(figures, new Map(PEERS.map(({ name, what }) => [name, what]))));
    writeFileSync(page.replace(/md$/, "svg"), reportChart(figures));
  }
}

/** One that fails does not keep the others from being measured. */
async function measureInto(file: string, peer: Peer, set: TopicSet): Promise<void> {
  process.stderr.write(`${peer.name}: ${peer.what} …\n`);
  const place = { set, folder: join(folder, "runs", peer.name), results: `results-${randomBytes(4).toString("hex")}.` };
  rmSync(place.folder, { recursive: true, force: true });
  try {
    await peer.prepare?.();
    const day = new Date().toISOString().slice(0, 10);
    const figures: KeptFigures = { ...(await measure(peer, place)), machine: thisMachine(), day };
    if (figures.isRight) writeFileSync(file, JSON.stringify(figures));
    else process.exitCode = 1;
    process.stderr.write(`${JSON.stringify(figures)}\n`);
  } catch (error) {
    process.stderr.write(`${peer.name}: ${messageOf(error)}\n`);
    process.exitCode = 1;
  } finally {
    await deleteTopics(set.brokers, place.results);
  }
}
