import type { Measured } from "./steady-part.ts";

/** What was found of a query on one side. */
export interface Side {
  readonly measured: Measured;
  /** What of its result is wrong; null if nothing is; undefined where it was not compared. */
  readonly difference?: string | null;
}

/** A query on both sides. */
export interface TableRow {
  readonly query: string;
  readonly title: string;
  readonly here: Side;
  /** By the name of the setup. */
  readonly flink: Readonly<Record<string, Side>>;
}

const WHAT = `# Nexmark

Events per second of CPU, in thousands, on a machine of two shared cores: ratios within one run can be trusted, single
figures only roughly. A row's runs follow each other, one at a time. \`npm run bench:nexmark -- --write\` makes this table, with
\`--setups rocksdb,rocksdb-reuse\` more than one of Flink's columns.

- **steady**: of the middle of the run, from 40 % to 90 % of the events; **total**: of the whole process, its start included.
- **ours**: a job with the embedded runner's worker, state on disk, a checkpoint every second (Flink's are 10 s apart: its runs
  take longer); a result goes nowhere.
- **Flink**: Flink SQL 2.2.1 in one process, the query's own SQL (\`bench/nexmark/flink\`), parallelism 1, RocksDB with 1 GiB,
  incremental exactly-once checkpoints every 10 s, and nexmark-flink's own settings: mini-batch of 50,000 rows or 2 s,
  no reuse of objects. \`rocksdb-reuse\` is the same with \`pipeline.object-reuse\`, \`heap\` with the heap state backend.
- Both sides read the same file in process, without copies of texts; watermarks are 4 s behind.
- **right**: the result is that of a plain computation over all events at once, ours and Flink's.
`;

/** The table for people, as Markdown. `load`: that of the machine when the run began. */
export function report(rows: readonly TableRow[], checkEvents: number, load: number): string {
  const setups = [...new Set(rows.flatMap(({ flink }) => Object.keys(flink)))];
  const head = [
    "query",
    "events, M",
    "ours steady",
    "total",
    ...setups.flatMap((name) => [`Flink ${name} steady`, "total", "ratio"]),
  ];
  const lines = [[...head, "right"], [...head, "right"].map(() => "---"), ...rows.map((row) => cells(row, setups))];
  const table = lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
  const over = `Results were compared over ${checkEvents / 1e3} k events. The load of the machine was ${load}.`;
  return `${WHAT}\n${over}\n\n${table}\n`;
}

function cells({ query, title, here, flink }: TableRow, setups: readonly string[]): string[] {
  const peers = setups.flatMap((name) => {
    const side = flink[name];
    if (side === undefined) return ["", "", ""];
    return [...rates(side), `${(steady(here) / steady(side)).toFixed(1)}×`];
  });
  return [`${query} ${title}`, String(here.measured.events / 1e6), ...rates(here), ...peers, rightness(here, flink)];
}

function rates(side: Side): string[] {
  return [thousands(steady(side)), thousands(side.measured.events / side.measured.cpuSeconds)];
}

function steady({ measured }: Side): number {
  return measured.steadyEvents / measured.steadyCpuSeconds;
}

function thousands(rate: number): string {
  return String(Math.round(rate / 1_000));
}

function rightness(here: Side, flink: Readonly<Record<string, Side>>): string {
  const word = ({ difference }: Side) =>
    difference === undefined ? "–" : difference === null ? "yes" : `no: ${difference}`;
  const peers = Object.values(flink).filter(({ difference }) => difference !== undefined);
  return [here, ...peers].map(word).join(" / ");
}
