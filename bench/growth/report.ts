import { type Machine, machineText } from "../machine.ts";
import type { GrowthFigures } from "./case.ts";
import type { HotSetFigures } from "./hot-set.ts";
import type { MinutesRun, MinutesSample } from "./minutes.ts";
import type { Settling } from "./settling.ts";

/** Where and when figures were measured: they need not be of one run. */
interface Measured {
  readonly machine: Machine;
  /** The day, in ISO format. */
  readonly day: string;
}

/** A case as it is kept. */
export interface GrowthRow extends GrowthFigures, Measured {
  readonly name: string;
  readonly kind: string;
  readonly size: number;
  readonly memory: string;
  /** Of the machine, when it began. */
  readonly load: number;
}

/** A run of minutes as it is kept. */
export interface MinutesRow extends MinutesRun, Measured {
  readonly minutes: number;
  readonly settling: Settling;
}

/** Accesses to state as they are kept. */
export interface HotSetRow extends HotSetFigures, Measured {
  /** Of the machine, when it began. */
  readonly load: number;
}

/** All figures as a page, in Markdown. */
export function reportPage(kept: readonly (GrowthRow | MinutesRow | HotSetRow)[]): string {
  const rows = kept.filter((each): each is GrowthRow => "kind" in each);
  const runs = kept.filter((each): each is MinutesRow => "settling" in each);
  const accesses = kept.filter((each): each is HotSetRow => "rowAdd" in each);
  const kinds = [...TITLES].map(([kind, title]) => {
    const of = rows.filter((row) => row.kind === kind).toSorted((one, other) => one.size - other.size);
    return of.length === 0 ? "" : `\n## ${title}\n\n${casesTable(of)}\n`;
  });
  return `${INTRODUCTION}${kinds.join("")}${accesses.map(accessesPart).join("")}${runs.map(minutesPart).join("")}`;
}

/** Ten lines of a run: what it took, the mean of each tenth. */
export function minutesTable({ samples }: MinutesRun): Record<string, number>[] {
  const each = Math.ceil(samples.length / 10);
  return Array.from({ length: Math.ceil(samples.length / each) }, (_, tenth) => {
    const part = samples.slice(tenth * each, (tenth + 1) * each);
    const mean = (of: (sample: MinutesSample) => number) =>
      Math.round(part.reduce((sum, sample) => sum + of(sample), 0) / part.length);
    const before = samples[tenth * each - 1] ?? part[0]!;
    const last = part.at(-1)!;
    return {
      "until minute": Number((last.seconds / 60).toFixed(1)),
      "events a second": Math.round((last.events - before.events) / Math.max(1, last.seconds - before.seconds)),
      "µs CPU an event": Number(
        (((last.cpuSeconds - before.cpuSeconds) * 1e6) / Math.max(1, last.events - before.events)).toFixed(2),
      ),
      "resident, MB": mean(({ rssMb }) => rssMb),
      "heap, MB": mean(({ heapMb }) => heapMb),
      "outside the heap, MB": mean(({ externalMb }) => externalMb),
      "keys, thousands": mean(({ keys }) => keys / 1_000),
      "files of state, MB": mean(({ stateMb }) => stateMb),
      "all files, MB": mean(({ outputMb }) => outputMb),
    };
  });
}

function casesTable(rows: readonly GrowthRow[]): string {
  const [base] = rows;
  const isDecoded = base!.decodeMicroseconds !== undefined;
  return table([
    [
      "",
      "`state.memory`",
      "events",
      "µs CPU an event",
      "of the first",
      ...(isDecoded ? ["of it decoding, µs"] : []),
      "peak memory, MB",
      "state, MB",
      "load",
      "machine",
      "day",
    ],
    ...rows.map((row) => [
      `\`${row.name}\``,
      row.memory,
      row.events.toLocaleString("en"),
      row.cpuMicroseconds.toFixed(2),
      `${(row.cpuMicroseconds / base!.cpuMicroseconds).toFixed(2)}×`,
      ...(isDecoded ? [row.decodeMicroseconds!.toFixed(2)] : []),
      row.peakMemoryMb.toLocaleString("en"),
      row.stateMb.toLocaleString("en"),
      row.load.toFixed(1),
      machineText(row.machine),
      row.day,
    ]),
  ]);
}

function accessesPart(row: HotSetRow): string {
  const { keys, hot, checkpoints, find, change, add, rowChange, rowAdd, load, machine, day } = row;
  return `
## One access to state

\`--hot-set\`: ${hot.toLocaleString("en")} keys of ${keys.toLocaleString("en")}, at random, in a store of 512 MB; what ${checkpoints} durable checkpoints took is included, and so is what makes way
on disk. µs CPU, ${machineText(machine)}, load ${load.toFixed(1)}, ${day}.

${table([
  ["found", "found and changed", "looked for and made", "a row looked for and put again", "a row looked for and put"],
  [find, change, add, rowChange, rowAdd].map((each) => each.toFixed(2)),
])}
`;
}

function minutesPart(run: MinutesRow): string {
  const { minutes, settling, load, machine, day } = run;
  const lines = minutesTable(run);
  const { slopes, middleMb, lastMb, warmFrom } = settling;
  return `
## Memory over ${minutes} minutes

\`--minutes ${minutes}\`: over Kafka, as fast as it goes, with what writes the traffic and the broker on the same machine. Payments, lines, and
the deletion of both days later, so that keys and rows live as long as they may and go; results in transactions, a checkpoint every 10 s,
evidence in SQLite, ${machineText(machine)}, load ${load.toFixed(1)}, ${day}.

${table([Object.keys(lines[0]!), ...lines.map((line) => Object.values(line).map((value) => value.toLocaleString("en")))])}

From minute ${(warmFrom / 60).toFixed(0)} on, resident memory rises by ${slopes.rssMb} MB a minute, the heap by ${slopes.heapMb}, what is outside it by ${slopes.externalMb}.
Mean of the middle third: ${middleMb.toLocaleString("en")} MB, of the last: ${lastMb.toLocaleString("en")} MB.
`;
}

const INTRODUCTION = `# How an event's cost, and memory, grow

\`npm run bench:growth -- --write\` makes this page of all that was measured on a machine. The check is that of [peers](peers.md), embedded,
exactly once, with a checkpoint every 10 s; what it found was held against the truth. CPU is user and system time of the process, of the part in
which it is warm. Ratios can be trusted where the load is alike, single figures only roughly.
`;

const TITLES: ReadonlyMap<string, string> = new Map([
  ["open-keys", "Keys that wait"],
  ["columns", "Columns, of which six are read"],
  ["row-bytes", "Bytes of a row, most of which is not read"],
  ["workers", "Workers, each in a thread"],
  ["hot-key", "The part of the traffic that one key has"],
]);

function table([head, ...rows]: readonly (readonly string[])[]): string {
  return [head!, head!.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
