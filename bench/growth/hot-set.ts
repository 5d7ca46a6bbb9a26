import { rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { systemDisk } from "../../base/disk.ts";
import { hashBytes } from "../../base/hash.ts";
import { HotRecords } from "../../state/hot-records.ts";
import { StateStore } from "../../state/state-store.ts";
import { cpuSince } from "../row.ts";

/** What one access to state costs, in µs CPU, what checkpoints do meanwhile included. */
export interface HotSetFigures {
  /** Keys that there are, and those of them that are asked for. */
  readonly keys: number;
  readonly hot: number;
  readonly checkpoints: number;
  /** A record of an operator is found; found and changed in place; looked for and made. */
  readonly find: number;
  readonly change: number;
  readonly add: number;
  /** A row of the row stage is looked for and put again; looked for and put. */
  readonly rowChange: number;
  readonly rowAdd: number;
}

const KEYS = 1_000_000;
const HOT = 50_000;
const RECORD_BYTES = 152;
const ROW_BYTES = 60;
const KEY_BYTES = 16;
const GROUP = 0;
const MIB = 1 << 20;
const BATCH = 500;
const CPU_SECONDS = 6;
const CHECKPOINT_MS = 2_000;

/** Measures records in an arena and rows in a table, of one store of 512 MB, with a durable checkpoint every two seconds. */
export async function measureHotSet(folder: string): Promise<HotSetFigures> {
  const dir = join(folder, "hot-set");
  rmSync(dir, { recursive: true, force: true });
  const store = new StateStore({ disk: systemDisk, dir, prefix: "bench", memoryBytes: 0.6 * 512 * MIB });
  try {
    return await new HotSet(store).measure();
  } finally {
    store.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

class HotSet {
  readonly #store: StateStore;
  readonly #records: HotRecords;
  readonly #rows: ReturnType<StateStore["table"]>;
  readonly #keys = Buffer.alloc(BATCH * KEY_BYTES);
  readonly #hashes = new Int32Array(BATCH);
  readonly #row = Buffer.alloc(ROW_BYTES, 7);
  #made = 0;
  #madeRows = 0;
  #asked = 0;
  #checkpoints = 0;

  constructor(store: StateStore) {
    this.#store = store;
    const table = store.table("keys");
    this.#records = new HotRecords({ table, arenaBytes: 0.2 * 512 * MIB });
    this.#rows = store.table("rows");
    for (; this.#made < KEYS; this.#add()) this.#newKeys(this.#made);
    for (; this.#madeRows < KEYS; this.#addRows()) this.#newKeys(this.#madeRows);
  }

  async measure(): Promise<HotSetFigures> {
    const hot = () => this.#hotKeys();
    const figures = {
      find: await this.#cost(hot, () => this.#find(false)),
      change: await this.#cost(hot, () => this.#find(true)),
      add: await this.#cost(
        () => this.#newKeys(this.#made),
        () => this.#add(),
      ),
      rowChange: await this.#cost(hot, () => this.#putRows()),
      rowAdd: await this.#cost(
        () => this.#newKeys(this.#madeRows),
        () => this.#addRows(),
      ),
    };
    return { keys: KEYS, hot: HOT, checkpoints: this.#checkpoints, ...figures };
  }

  /** Of batches, whose keys are written each before; that is measured by itself and taken off. */
  async #cost(prepare: () => void, work: () => void): Promise<number> {
    const preparing = await this.#run(prepare, () => undefined, 1);
    const all = await this.#run(prepare, work, CPU_SECONDS);
    return Number((all - preparing).toFixed(3));
  }

  async #run(prepare: () => void, work: () => void, cpuSeconds: number): Promise<number> {
    let checkpoint: Promise<unknown> | undefined;
    let checkpointAt = performance.now() + CHECKPOINT_MS;
    let operations = 0;
    const start = process.cpuUsage();
    for (; cpuSince(start) < cpuSeconds; operations += BATCH) {
      prepare();
      work();
      this.#store.tend();
      if (checkpoint === undefined && performance.now() >= checkpointAt) {
        checkpoint = this.#store.checkpointBehind().then(() => {
          this.#checkpoints++;
          checkpoint = undefined;
          checkpointAt = performance.now() + CHECKPOINT_MS;
        });
      }
      if (operations % (100 * BATCH) === 0) await turn();
    }
    for (; checkpoint !== undefined; await turn()) this.#store.tend();
    return (cpuSince(start) / operations) * 1e6;
  }

  #find(changes: boolean): void {
    const records = this.#records;
    records.touch(this.#hashes, BATCH);
    for (let i = 0; i < BATCH; i++) {
      const address = records.find(this.#hashes[i]!, this.#keys, i * KEY_BYTES, (i + 1) * KEY_BYTES);
      if (!changes) continue;
      records.changed(address);
      records.words[address >> 2]!++;
    }
  }

  #add(): void {
    const records = this.#records;
    records.touch(this.#hashes, BATCH);
    for (let i = 0; i < BATCH; i++) {
      const [hash, start] = [this.#hashes[i]!, i * KEY_BYTES];
      if (records.find(hash, this.#keys, start, start + KEY_BYTES) >= 0) throw new Error("a key that is new is there");
      records.add(hash, this.#keys, start, start + KEY_BYTES, RECORD_BYTES);
    }
    this.#made += BATCH;
  }

  #putRows(): void {
    const rows = this.#rows;
    rows.prefetch(GROUP, this.#hashes, BATCH);
    for (let i = 0; i < BATCH; i++) {
      const [hash, start] = [this.#hashes[i]!, i * KEY_BYTES];
      if (!rows.find(GROUP, this.#keys, start, start + KEY_BYTES, hash)) throw new Error("a row is gone");
      rows.put(GROUP, this.#keys, start, start + KEY_BYTES, this.#row, 0, ROW_BYTES, hash);
    }
  }

  #addRows(): void {
    const rows = this.#rows;
    rows.prefetch(GROUP, this.#hashes, BATCH);
    for (let i = 0; i < BATCH; i++) {
      const [hash, start] = [this.#hashes[i]!, i * KEY_BYTES];
      if (rows.find(GROUP, this.#keys, start, start + KEY_BYTES, hash)) throw new Error("a row that is new is there");
      rows.putNew(GROUP, this.#keys, start, start + KEY_BYTES, this.#row, 0, ROW_BYTES, hash);
    }
    this.#madeRows += BATCH;
  }

  #newKeys(from: number): void {
    for (let i = 0; i < BATCH; i++) this.#write(i, from + i);
  }

  /** At random, of those that were made last in front of what is measured. */
  #hotKeys(): void {
    for (let i = 0; i < BATCH; i++) this.#write(i, KEYS - 1 - ((Math.imul(this.#asked++, 0x9e3779b1) >>> 0) % HOT));
  }

  #write(i: number, number: number): void {
    let left = number;
    for (let at = (i + 1) * KEY_BYTES - 1; at >= i * KEY_BYTES; at--) {
      this.#keys[at] = 48 + (left % 10);
      left = Math.floor(left / 10);
    }
    this.#hashes[i] = hashBytes(this.#keys, i * KEY_BYTES, (i + 1) * KEY_BYTES);
  }
}
