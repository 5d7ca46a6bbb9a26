import { expect } from "vitest";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import type { Endpoints } from "../../stack/endpoints.ts";
import { History } from "../oracle/history.ts";
import { opinionOfSql, opinionOfStream } from "../oracle/oracle.ts";
import type { RealShop } from "./real-shop.ts";
import { decodeRecords, readTopics } from "./topics.ts";

/** What is held against SQL: some checks, the tables that they read, which all have rows, and the time that all was judged by. */
export interface SecondOpinion {
  readonly checks: readonly string[];
  readonly tables: readonly string[];
  readonly through: number;
}

/**
 * Holds what a run said of some checks against SQL over what the topics hold, through a time by which all was judged: both
 * must find the same. What was wrong already when the snapshots were taken is left out, because they are not read at one time.
 */
export async function expectSecondOpinion(
  servers: Endpoints,
  { tableTopics }: RealShop,
  verdicts: readonly VerdictRecord[],
  { through, checks, tables }: SecondOpinion,
): Promise<void> {
  const topics = tableTopics.filter((topic) => tables.includes(topic.slice(topic.lastIndexOf(".") + 1)));
  const records = await decodeRecords(servers, await readTopics(servers.kafka.brokers, topics));
  const history = new History(records, through);
  const sql = opinionOfSql(history, checks);
  history.close();
  const stream = opinionOfStream(
    verdicts.filter(({ time }) => time <= through),
    [],
    checks,
  );
  const atFirst = new Set([...sql.baseline, ...stream.baseline]);
  const later = (names: readonly string[]) => names.filter((name) => !atFirst.has(name));
  expect(later(stream.ever), "what the stream says, and SQL").toEqual(later(sql.ever));
  expect(later(sql.ever).length).toBeGreaterThan(3);
}
