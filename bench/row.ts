/** What a row measures: how many events, and whether what came out was right. */
export interface Measured {
  readonly events: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly correct: boolean;
  /** What else was found, by name, with its unit in the name. */
  readonly beside?: Readonly<Record<string, number>>;
}

/** A row of the benchmark. It runs in a process of its own, so that its memory is its own. */
export interface BenchRow {
  readonly name: string;
  /** What is measured, for people. */
  readonly what: string;
  /** The row that it is held against; a row without one is held against nothing. */
  readonly peerOf?: string;
  /** The row that measures the same without checkpoints. */
  readonly dearerThan?: string;
  /** Its memory is left to V8's own judgement, as in programs that are not ours. */
  readonly leavesHeapAlone?: true;
  /** Why it cannot be measured here, in one line. */
  whyNot?(): string | undefined;
  /** What has to be there meanwhile. Rows of one invocation that need the same share it. */
  readonly needs?: (folder: string, orders: number) => Promise<AsyncDisposable>;
  measure(folder: string, orders: number): Promise<Measured>;
}

/** Repeats a piece of work until it has used `cpuSeconds`, after one round that is not counted. */
export function repeat(
  cpuSeconds: number,
  work: () => number,
): { events: number; cpuSeconds: number; seconds: number } {
  work();
  const startedAt = performance.now();
  const cpuAtStart = process.cpuUsage();
  let events = 0;
  let used = 0;
  while (used < cpuSeconds) {
    events += work();
    used = cpuSince(cpuAtStart);
  }
  return { events, cpuSeconds: used, seconds: (performance.now() - startedAt) / 1000 };
}

/** Seconds of CPU of this process, all threads, since an earlier `process.cpuUsage()`. */
export function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
