import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { expect } from "vitest";
import { systemDisk } from "../../base/disk.ts";
import { readTopic } from "../../cli/output-topics.ts";
import { outputPaths } from "../../cli/outputs.ts";
import { Desk } from "../../connectors/desk/desk.ts";
import type { ResultTopic } from "../../schemas/contract-subjects.ts";
import { decodeAlert, decodeDeadLetter, decodeMarker, decodeVerdict } from "../../schemas/contracts.ts";
import { MAX_PAGE, type SnapshotRow } from "../../snapshots/snapshot-store.ts";
import { SqliteSnapshotStore } from "../../snapshots/sqlite-snapshot-store.ts";
import type { Summary } from "./survivor.ts";

/** All that a run leaves, but for what tells of wall time, of attempts, and in which order keys came. */
export type Results = Readonly<Record<string, unknown>>;

/**
 * Reads what a run has left in its folder. Fails where the versions of a verdict in the log have a gap or a repeat, or
 * where a marker tells of a delivery again.
 */
export async function readResults(dir: string, summary: Summary): Promise<Results> {
  const out = join(dir, "out");
  const verdicts = await topic(out, "verdicts", decodeVerdict);
  for (const [key, versions] of byKey(verdicts, ({ version }) => version)) {
    expect(versions, `versions of ${key}`).toEqual(versions.map((_, index) => index + 1));
  }
  const alerts = await topic(out, "alerts", decodeAlert);
  const markers = await topic(out, "markers", decodeMarker);
  const names = markers.map(({ epoch, attempt, checkpoint }) => [epoch, attempt, checkpoint]);
  expect(names, "markers").toEqual([...names].sort(ascending).filter((name, i, all) => `${name}` !== `${all[i - 1]}`));
  expect(new Set([...verdicts, ...alerts, ...markers].map(({ epoch }) => epoch)).size, "epochs").toBe(1);
  const { verdicts: statuses, byClass, verdictsEmitted, deadLetters, outcome } = summary;
  return {
    finals: readFileSync(join(dir, "verdicts"), "utf8"),
    history: readFileSync(join(dir, "history"), "utf8"),
    verdicts: sorted(byKey(verdicts, withoutEpoch)),
    alerts: sorted(byKey(alerts, withoutEpoch)),
    deadLetters: await topic(out, "dead-letters", decodeDeadLetter),
    snapshots: snapshotsIn(out),
    desk: deskIn(out),
    summary: { statuses, byClass, verdictsEmitted, alerts: summary.alerts, deadLetters, outcome },
  };
}

/** Engine alerts of a run, by code. */
export function engineAlertsIn(dir: string): string[] {
  const desk = new Desk(outputPaths.desk(join(dir, "out")));
  const alerts = desk.engineAlerts({ limit: 1_000 });
  desk.close();
  return alerts.map(({ code }) => code);
}

/** All that a run has left so far, and goes on with: results, and the files of the output log, sinks and checkpoints. */
export function everythingIn(dir: string): Readonly<Record<string, unknown>> {
  const out = join(dir, "out");
  const entries = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  // Every start takes a new attempt, and may tidy up a database's file.
  const kept = paths.filter((path) => !/\.db(-wal|-shm)?$|run\.json$|\.lock$/.test(path)).sort();
  const files = Object.fromEntries(kept.map((path) => [relative(out, path), contentOf(path)]));
  return { files, snapshots: snapshotsIn(out), desk: deskIn(out) };
}

function contentOf(path: string): string {
  const bytes = readFileSync(path);
  return `${bytes.length} bytes, ${crc32(bytes).toString(16)}`;
}

async function topic<T>(out: string, name: ResultTopic, decode: (encoded: Uint8Array) => T): Promise<T[]> {
  const records: T[] = [];
  await readTopic(systemDisk, outputPaths.log(out), name, 0, (encoded) => records.push(decode(encoded)));
  return records;
}

/** One who was killed when all was done, before it had said so, begins a new epoch. */
function withoutEpoch<T extends { readonly epoch: number }>({ epoch: _, ...record }: T): Omit<T, "epoch"> {
  return record;
}

interface Keyed {
  readonly check: string;
  readonly key: unknown;
  readonly currency: string;
}

function byKey<T extends Keyed, V>(records: readonly T[], value: (record: T) => V): Map<string, V[]> {
  const keys = new Map<string, V[]>();
  for (const record of records) {
    const name = `${record.check} ${String(record.key)} ${record.currency}`;
    const known = keys.get(name);
    if (known === undefined) keys.set(name, [value(record)]);
    else known.push(value(record));
  }
  return keys;
}

function sorted<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([left], [right]) => (left < right ? -1 : 1));
}

function snapshotsIn(out: string) {
  const store = new SqliteSnapshotStore(outputPaths.snapshots(out));
  const rows: SnapshotRow[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = store.scan({ limit: MAX_PAGE, ...(after === undefined ? {} : { after }) });
    rows.push(...page.rows);
    after = page.next;
  }
  store.close();
  return rows
    .map(({ writtenAt: _, epoch: __, verdict, ...row }) => ({ ...row, verdict: withoutEpoch(decodeVerdict(verdict)) }))
    .sort((a, b) => (a.verdict.id < b.verdict.id ? -1 : 1));
}

function deskIn(out: string) {
  const desk = new Desk(outputPaths.desk(out));
  const limit = 1_000;
  const left = {
    alerts: desk.alerts({ limit }).sort((a, b) => (a.id < b.id ? -1 : 1)),
    counts: countsIn(out),
    engine: desk.engineAlerts({ limit }).map(({ firstSeen: _, lastSeen: __, ...alert }) => alert),
    deadLetters: desk.deadLetters({ limit }).map(({ recordedAt: _, ...fault }) => fault),
    suspensions: desk.suspensions({ limit }).map(({ recordedAt: _, ...suspension }) => suspension),
  };
  desk.close();
  return left;
}

/** All of them: the desk tells of the newest. */
function countsIn(out: string) {
  const file = new DatabaseSync(outputPaths.desk(out), { readOnly: true });
  const counts = file.prepare("SELECT * FROM counts ORDER BY check_uid, minute").all();
  file.close();
  return counts.map((row) => Object.values(row).join(" "));
}

function ascending(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? 0 : left[at]! - right[at]!;
}
