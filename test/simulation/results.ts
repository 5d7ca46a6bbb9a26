import { join } from "node:path";
import type { Disk } from "../../base/disk.ts";
import type { FinalRecord } from "../../checks/records.ts";
import { readTopic } from "../../cli/output-topics.ts";
import { outputPaths } from "../../cli/outputs.ts";
import { historyEntry } from "../../cli/recorder.ts";
import { toJson } from "../../cli/terminal.ts";
import { Desk } from "../../connectors/desk/desk.ts";
import type { ResultTopic } from "../../schemas/contract-subjects.ts";
import {
  type AlertRecord,
  type Delivered,
  decodeAlert,
  decodeDeadLetter,
  decodeMarker,
  decodeVerdict,
  type MarkerRecord,
  type VerdictRecord,
} from "../../schemas/contracts.ts";

/** All that a run has left. */
export interface Results {
  readonly verdicts: readonly (VerdictRecord & Delivered)[];
  readonly alerts: readonly AlertRecord[];
  readonly deadLetters: readonly string[];
  readonly markers: readonly MarkerRecord[];
  /** JSON lines of the job's sinks, by name. */
  readonly sinks: Readonly<Record<string, readonly string[]>>;
  readonly finals: readonly FinalRecord[];
  /** What is on the desk: alerts, counts and dead letters, a line each. */
  readonly desk: Readonly<Record<"alerts" | "counts" | "dead letters", readonly string[]>>;
  /** Codes of what the job told of itself. */
  readonly engineAlerts: readonly string[];
}

/** Reads what a run left in its output folder, when it is closed. */
export async function readResults(disk: Disk, output: string, finals: readonly FinalRecord[]): Promise<Results> {
  const log = outputPaths.log(output);
  const sinks = outputPaths.sinks(output);
  const names = disk.list(sinks).filter((name) => name.endsWith(".jsonl"));
  return {
    verdicts: await all(disk, log, "verdicts", decodeVerdict),
    alerts: await all(disk, log, "alerts", decodeAlert),
    deadLetters: await all(disk, log, "dead-letters", (encoded) => decodeDeadLetter(encoded).id),
    markers: await all(disk, log, "markers", decodeMarker),
    sinks: Object.fromEntries(names.map((name) => [name, linesOf(disk, join(sinks, name))])),
    finals,
    ...readDesk(outputPaths.desk(output)),
  };
}

/**
 * How results differ from those of a run that nothing disturbed; nothing where they are as they must be. Keys that were
 * unobservable for a while in either of them are told of by their last verdict alone: when that begins depends on the clock.
 */
export function differences(of: Results, from: Results): string[] {
  const hidden = new Set([...of.verdicts, ...from.verdicts].filter(isUnobservable).map(nameOf));
  const seen = <T extends Named>(records: readonly T[]) => records.filter((record) => !hidden.has(nameOf(record)));
  const compared = (results: Results) => ({
    finals: lines(results.finals),
    history: lines(seen(results.verdicts).map(historyEntry)),
    alerts: lines(seen(results.alerts).map(withoutDelivery)),
    "dead letters": sorted(results.deadLetters),
    "counts on the desk": hidden.size > 0 ? [] : results.desk.counts,
    "alerts on the desk": hidden.size > 0 ? [] : results.desk.alerts,
    "dead letters on the desk": results.desk["dead letters"],
    ...Object.fromEntries(Object.entries(results.sinks).map(([name, own]) => [`sink ${name}`, sorted(own)])),
  });
  const [own, other] = [compared(of), compared(from)] as Record<string, readonly string[]>[];
  const names = [...new Set([...Object.keys(own!), ...Object.keys(other!)])];
  return [
    ...names.flatMap((name) => differenceOf(name, own![name] ?? [], other![name] ?? [])),
    ...gaps(of.verdicts),
    ...disorder(of.markers),
  ];
}

interface Named {
  readonly check: string;
  readonly key: string;
  readonly currency: string;
}

function nameOf({ check, key, currency }: Named): string {
  return `${check} ${key} ${currency}`;
}

function isUnobservable({ status }: VerdictRecord): boolean {
  return status === "unobservable";
}

/** What differs from run to run: of which epoch it is. */
function withoutDelivery(alert: AlertRecord): object {
  const { epoch: _, ...rest } = alert as AlertRecord & { readonly epoch: number };
  return rest;
}

function differenceOf(what: string, own: readonly string[], other: readonly string[]): string[] {
  const missing = without(other, own);
  const extra = without(own, other);
  if (missing.length + extra.length === 0) return [];
  const shown = [...missing.map((line) => `− ${line}`), ...extra.map((line) => `+ ${line}`)].slice(0, 6);
  return [`${what}: ${missing.length} missing, ${extra.length} too many\n  ${shown.join("\n  ")}`];
}

/** Lines less as many of the same. */
function without(of: readonly string[], those: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of those) left.set(line, (left.get(line) ?? 0) + 1);
  return of.filter((line) => {
    const times = left.get(line) ?? 0;
    left.set(line, times - 1);
    return times <= 0;
  });
}

/** Versions in the sink run 1, 2, 3 … per key, in this order. */
function gaps(verdicts: readonly (VerdictRecord & Delivered)[]): string[] {
  const last = new Map<string, VerdictRecord & Delivered>();
  return verdicts.flatMap((verdict) => {
    const name = nameOf(verdict);
    const { version, epoch } = verdict;
    const before = last.get(name);
    const expected = (before?.version ?? 0) + 1;
    last.set(name, verdict);
    // A run from a savepoint says again what was said behind it, with a higher epoch, which wins.
    const isAgain = before !== undefined && epoch > before.epoch && version < expected;
    return version === expected || isAgain ? [] : [`versions: ${name} has ${version} where ${expected} is due`];
  });
}

function disorder(markers: readonly MarkerRecord[]): string[] {
  return markers.flatMap((marker, index) => {
    const before = markers[index - 1];
    if (before === undefined || marker.epoch > before.epoch || marker.attempt > before.attempt) return [];
    const isNext = marker.epoch === before.epoch && marker.checkpoint > before.checkpoint;
    return isNext ? [] : [`markers: ${toJson(marker)} behind ${toJson(before)}`];
  });
}

async function all<T>(disk: Disk, log: string, topic: ResultTopic, decode: (encoded: Uint8Array) => T): Promise<T[]> {
  const records: T[] = [];
  await readTopic(disk, log, topic, 0, (encoded) => {
    records.push(decode(encoded));
  });
  return records;
}

function linesOf(disk: Disk, path: string): string[] {
  const file = disk.open(path, "read");
  const bytes = Buffer.alloc(file.size());
  file.read(bytes, 0, bytes.length, 0);
  file.close();
  return bytes.toString("utf8").split("\n").slice(0, -1);
}

function readDesk(path: string): Pick<Results, "desk" | "engineAlerts"> {
  const desk = new Desk(path);
  try {
    const deadLetters = sorted(desk.deadLetters().map(({ id, state }) => `${id} ${state}`));
    return {
      desk: {
        alerts: lines(desk.alerts({ limit: 1_000 })),
        counts: lines(desk.counts({ limit: 1_000 })),
        "dead letters": deadLetters,
      },
      engineAlerts: desk.engineAlerts({ limit: 1_000 }).map(({ code }) => code),
    };
  } finally {
    desk.close();
  }
}

function lines(records: readonly object[]): string[] {
  return sorted(records.map((record) => toJson(record)));
}

function sorted(texts: readonly string[]): string[] {
  return [...texts].sort();
}
