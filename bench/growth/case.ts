import type { TrafficOptions } from "./traffic.ts";

/** Something that is measured at several sizes: each a case of its own. */
export interface GrowthCase {
  readonly name: string;
  /** What grows. */
  readonly kind: string;
  readonly size: number;
  readonly traffic: TrafficOptions;
  readonly workers: number;
  /** `state.memory`. */
  readonly memory: string;
}

/** What was measured of one. */
export interface GrowthFigures {
  readonly events: number;
  /** Of the whole process, once it is warm, in µs an event. */
  readonly cpuMicroseconds: number;
  /** What of that is decoding, by itself, of records that are in memory: where rows grow. */
  readonly decodeMicroseconds?: number | undefined;
  readonly peakMemoryMb: number;
  /** Files of the state at the end. */
  readonly stateMb: number;
  readonly isRight: boolean;
}

/** How far it goes. */
export interface GrowthSizes {
  readonly events: number;
  readonly openKeys: readonly number[];
  readonly columns: readonly number[];
  readonly rowBytes: readonly number[];
  readonly workers: readonly number[];
  /** Parts of the traffic that one key has. */
  readonly hot: readonly number[];
  /** Most bytes of a log: where rows are large, it has fewer events. */
  readonly logBytes: number;
  /** `state.memory` of all. */
  readonly memory: string;
}

/** Eight columns are read of or near by, in rows of 300 bytes, with ten thousand open keys: one thing grows at a time. */
export function casesOf({
  events,
  openKeys,
  columns,
  rowBytes,
  workers,
  hot,
  logBytes,
  memory,
}: GrowthSizes): GrowthCase[] {
  const base = { seed: 7, open: 10_000, events, width: { columns: 8, textBytes: 0 }, hot: 0 };
  const of = (kind: string, sizes: readonly number[], made: (size: number) => Partial<GrowthCase>) =>
    sizes.map((size) => ({
      ...{ name: `${kind}-${size}`, kind, size, traffic: base, workers: 1, memory },
      ...made(size),
    }));
  return [
    ...of("open-keys", openKeys, (open) => ({ traffic: { ...base, open } })),
    ...of("columns", columns, (each) => ({ traffic: { ...base, width: { columns: each, textBytes: 0 } } })),
    ...of("row-bytes", rowBytes, (bytes) => ({
      traffic: {
        ...base,
        // What comes before is as large.
        open: Math.min(base.open, Math.floor(logBytes / bytes / 4)),
        events: Math.min(events, Math.floor(logBytes / bytes)),
        width: { columns: 8, textBytes: Math.max(0, bytes - SMALLEST) },
      },
    })),
    ...of("workers", workers, (each) => ({ workers: each })),
    ...of("hot-key", hot, (part) => ({ traffic: { ...base, hot: part } })),
  ];
}

/** Of a record without a text, about. */
const SMALLEST = 300;
