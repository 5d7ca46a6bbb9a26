import { barChart } from "../bar-chart.ts";
import { type Machine, machineText } from "../machine.ts";
import type { PeerFigures } from "./measure.ts";

/** Figures of one peer as they are kept: each says where and when it was measured, for they need not be of one run. */
export interface KeptFigures extends PeerFigures {
  readonly machine: Machine;
  /** The day, in ISO format. */
  readonly day: string;
}

/** A table of all peers, and what each costs for one that the first costs. */
export function printFigures(figures: readonly KeptFigures[]): void {
  console.table(
    Object.fromEntries(
      figures.map(({ name, beside: _, steadyByProgram, steadyByThread, events, isRight, machine, ...rest }) => [
        name,
        { ...rest, machine: machineText(machine) },
      ]),
    ),
  );
  console.log("CPU of the steady part: what the row costs for 1 of the column.");
  console.table(
    Object.fromEntries(
      figures.map((row) => [
        row.name,
        Object.fromEntries(figures.map((column) => [column.name, ratioOf(row, column)])),
      ]),
    ),
  );
  for (const { name, events, steadyByProgram, steadyByThread, beside } of figures)
    console.log(`${name}: ${JSON.stringify({ events, steadyByProgram, steadyByThread, ...beside })}`);
}

/** The same as a page, in Markdown. `what`: of each peer, by its name. */
export function reportPage(figures: readonly KeptFigures[], what: ReadonlyMap<string, string>): string {
  const cost = table([
    [
      "",
      "µs CPU an event, steady",
      "events a CPU-second",
      "of the whole run, µs",
      "peak memory, MB",
      "load",
      "machine",
      "day",
    ],
    ...figures.map((each) => [
      `\`${each.name}\``,
      each.steadyCpuSecondsPerMillion.toFixed(2),
      each.steadyEventsPerCpuSecond.toLocaleString("en"),
      each.totalCpuSecondsPerMillion.toFixed(2),
      each.peakMemoryMb.toLocaleString("en"),
      each.load.toFixed(1),
      machineText(each.machine),
      each.day,
    ]),
  ]);
  const ratios = table([
    ["", ...figures.map(({ name }) => `\`${name}\``)],
    ...figures.map((row) => [`\`${row.name}\``, ...figures.map((column) => `${ratioOf(row, column)}×`)]),
  ]);
  const peers = figures.map(({ name }) => `- \`${name}\`: ${what.get(name)}.`).join("\n");
  return `${INTRODUCTION}
${peers}

${figures[0]?.events.toLocaleString("en") ?? 0} events. ${LIMITS}
![Events a CPU-second of each](peers.svg)

${cost}

CPU of the steady part: what the row costs for 1 of the column.

${ratios}
`;
}

/** Events that a second of CPU is enough for, as bars. */
export function reportChart(figures: readonly KeptFigures[]): string {
  return barChart({
    title: "Payments against settlements: events a CPU-second",
    subtitles: [
      "From Kafka to verdicts, all processes of a peer, the steady part of a run. More is better.",
      ...new Set(figures.map(({ machine }) => machineText(machine))),
    ],
    bars: figures.map(({ name, steadyEventsPerCpuSecond, peakMemoryMb, load }) => ({
      name,
      value: steadyEventsPerCpuSecond,
      note: `${peakMemoryMb.toLocaleString("en")} MB, load ${load.toFixed(1)}`,
      isOurs: name.startsWith("countercheck"),
    })),
  });
}

const INTRODUCTION = `# The same check with others' engines

\`npm run bench:peers -- --write\` makes this page. All read the same Kafka topics, one after the other, with parallelism 1; the result of
each was held against the truth before its figure counted. CPU is user and system time of all processes of a peer, Kafka's own not
counted; *steady* is between 30 and 90 % of the events. Ratios within one run can be trusted, single figures only roughly.
`;

const LIMITS = `What they do is not quite the same:

- Flink's SQL has no deadlines but the ends of windows. Its job judges a payment once, a day after the last that came of it: an over-charge is
  not told before, a line that comes later is none of it, and nothing is taken back. A regular join would cost less and tell of
  nothing that is missing.
- Kafka Streams sees tables by their own keys and sends changes once more through Kafka, by payment. It has no watermarks: the job
  sends its own, and keeps deadlines on the heap.
- \`plain-node\` promises nothing: no deadlines, nothing kept, told once at the end.
`;

function ratioOf(row: PeerFigures, column: PeerFigures): number {
  return Number((row.steadyCpuSecondsPerMillion / column.steadyCpuSecondsPerMillion).toFixed(2));
}

function table([head, ...rows]: readonly (readonly string[])[]): string {
  return [head!, head!.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
