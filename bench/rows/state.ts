import { rmSync } from "node:fs";
import { join } from "node:path";
import { systemDisk } from "../../base/disk.ts";
import { hashBytes, keyGroupOf } from "../../state/key-groups.ts";
import { StateStore, type StoreTable } from "../../state/state-store.ts";
import { CountingDisk } from "../counting-disk.ts";
import { type BenchRow, cpuSince, type Measured } from "../row.ts";

const KEYS = 1_000_000;
const ROUNDS = 3_000_000;
const CHECKPOINTS = 100;
const CHANGED = 20_000;
/** Changes of a batch. */
const BATCH = 1_000;
const VALUE_BYTES = 150;
const MIB = 1 << 20;

/** Read-modify-write of keyed state: a key found, its value changed and put back. */
export const state: BenchRow = {
  name: "state",
  what: `read-modify-write of 150 B over ${KEYS / 1e6} M keys in 256 MB, on disk what does not fit`,
  async measure(folder): Promise<Measured> {
    using bench = new StateBench(join(folder, "state"));
    bench.fill();
    return measured(ROUNDS, () => {
      for (let i = 0; i < ROUNDS; i++) bench.bump(scattered(i));
      return bench.total() === ROUNDS;
    });
  },
};

/** The same over a JavaScript map of objects: no bound on its memory, nothing on disk. */
export const stateMap: BenchRow = {
  name: "state-map",
  what: "the same over a Map of strings and objects, which nothing bounds and nothing keeps",
  peerOf: "state",
  async measure(): Promise<Measured> {
    const map = new Map<string, { count: number; readonly rest: Buffer }>();
    for (let key = 0; key < KEYS; key++) map.set(nameOf(key), { count: 0, rest: Buffer.alloc(VALUE_BYTES - 8) });
    return measured(ROUNDS, () => {
      for (let i = 0; i < ROUNDS; i++) map.get(nameOf(scattered(i)))!.count++;
      let total = 0;
      for (const { count } of map.values()) total += count;
      return total === ROUNDS;
    });
  },
};

/** What a checkpoint costs for each key that changed since the one before, where the log is compacted all the time. */
export const checkpoint: BenchRow = {
  name: "checkpoint",
  what: `a durable checkpoint of ${CHANGED / 1000} k changed keys of ${KEYS / 1e6} M, per changed key, the changes themselves included`,
  async measure(folder): Promise<Measured> {
    using bench = new StateBench(join(folder, "checkpoint"));
    bench.fill();
    let round = 0;
    for (; bench.compactions === 0; round++) await bench.change(round);
    const { liveBytes } = bench.store;
    const written = bench.disk.written;
    bench.tends.splice(0);
    const startedAt = performance.now();
    const cpuAtStart = process.cpuUsage();
    const end = round + CHECKPOINTS;
    for (; round < end; round++) await bench.change(round);
    const events = CHECKPOINTS * CHANGED;
    const cpuSeconds = cpuSince(cpuAtStart);
    const seconds = (performance.now() - startedAt) / 1000;
    const changed = (liveBytes / KEYS) * events;
    const tends = bench.tends.sort((a, b) => a - b);
    return {
      events,
      cpuSeconds,
      seconds,
      correct: bench.total() === round * CHANGED,
      beside: {
        writtenForChanged: Number(((bench.disk.written - written) / changed).toFixed(2)),
        tendMedianMs: Number(tends[tends.length >> 1]!.toFixed(2)),
        tend99thMs: Number(tends[Math.floor(tends.length * 0.99)]!.toFixed(2)),
        tendLongestMs: Number(tends.at(-1)!.toFixed(2)),
      },
    };
  },
};

/** A store with a counter for each key. */
class StateBench {
  readonly disk = new CountingDisk();
  readonly store: StateStore;
  /** Segments that were compacted away. */
  compactions = 0;
  /** How long the store was tended to between batches, in ms. */
  readonly tends: number[] = [];
  readonly #dir: string;
  readonly #table: StoreTable;
  readonly #key = Buffer.alloc(32);
  readonly #value = Buffer.alloc(VALUE_BYTES);

  constructor(dir: string) {
    rmSync(dir, { recursive: true, force: true });
    systemDisk.makeFolder(dir);
    this.#dir = dir;
    const onPoint = (point: string) => {
      if (point === "compaction-done") this.compactions++;
    };
    this.store = new StateStore({ disk: this.disk, dir, prefix: "bench", memoryBytes: 256 * MIB, onPoint });
    this.#table = this.store.table("counts");
  }

  fill(): void {
    for (let key = 0; key < KEYS; key++) {
      const length = this.#key.write(nameOf(key), "latin1");
      const group = keyGroupOf(hashBytes(this.#key, 0, length));
      this.#table.put(group, this.#key, 0, length, this.#value, 0, VALUE_BYTES);
    }
  }

  bump(key: number): void {
    const table = this.#table;
    const length = this.#key.write(nameOf(key), "latin1");
    const group = keyGroupOf(hashBytes(this.#key, 0, length));
    table.find(group, this.#key, 0, length);
    table.buffer.copy(this.#value, 0, table.start, table.end);
    this.#value.writeUInt32LE(this.#value.readUInt32LE(0) + 1, 0);
    table.put(group, this.#key, 0, length, this.#value, 0, VALUE_BYTES);
  }

  /** Changes some keys, and takes a checkpoint. */
  async change(round: number): Promise<void> {
    for (let i = 0; i < CHANGED; i++) {
      this.bump(scattered(round * CHANGED + i));
      if (i % BATCH !== 0) continue;
      const before = performance.now();
      this.store.tend();
      this.tends.push(performance.now() - before);
    }
    await this.store.checkpointBehind();
  }

  total(): number {
    let total = 0;
    this.#table.forEach((_group, _key, value) => {
      total += value.readUInt32LE(0);
    });
    return total;
  }

  [Symbol.dispose](): void {
    this.store.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function measured(events: number, work: () => boolean): Measured {
  const startedAt = performance.now();
  const cpuAtStart = process.cpuUsage();
  const correct = work();
  return { events, cpuSeconds: cpuSince(cpuAtStart), seconds: (performance.now() - startedAt) / 1000, correct };
}

function nameOf(key: number): string {
  return `'payment-${String(key).padStart(12, "0")}`;
}

/** Keys in an order without neighbours, most of them recent: as payments are settled. */
function scattered(i: number): number {
  const recent = i % 10 !== 0;
  const mixed = Math.imul(i, 2654435761) >>> 0;
  return recent ? KEYS - 1 - (mixed % (KEYS / 10)) : mixed % KEYS;
}
