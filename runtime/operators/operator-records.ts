import type { Records, RecordsOptions } from "../../dataflow/records.ts";
import { HotRecords } from "../../state/hot-records.ts";
import type { StateStore, StoreTable } from "../../state/state-store.ts";
import type { KeptState } from "../task.ts";
import { recordTable } from "./keyed-tables.ts";

/** What an operator keeps as records: made when it is opened, written down for checkpoints, upgraded at a restore. */
export class OperatorRecords {
  readonly #uid: string;
  readonly #store: StateStore;
  readonly #all: Declared[] = [];

  constructor(uid: string, store: StateStore) {
    this.#uid = uid;
    this.#store = store;
  }

  /** `memoryBytes`: about what they may take in memory. */
  declare(name: string, options: RecordsOptions, memoryBytes: number): Records {
    const table = this.#store.table(recordTable(this.#uid, name));
    const records = new HotRecords({ table, arenaBytes: memoryBytes });
    this.#all.push({ name, options, table, records });
    return records;
  }

  /** Names and schemas of those that are kept; undefined where there are none. */
  get kept(): KeptState["records"] {
    const own = this.#all.filter(({ options }) => options.areFormer !== true);
    return own.length === 0 ? undefined : own.map(({ name, options }) => ({ name, schema: options.schema }));
  }

  /** Their tables by name. */
  get tables(): [string, StoreTable][] {
    return this.#all.map(({ table }) => [table.name, table]);
  }

  /** Number of keys. */
  get size(): number {
    return this.#all.reduce((sum, { records }) => sum + records.size, 0);
  }

  /** Writes all that changed to the tables. */
  flush(): void {
    for (const { records } of this.#all) records.flush();
  }

  /**
   * Hands those that do not stay as they are to the operator, and removes them; `taken` is called behind each.
   * STATE_INCOMPATIBLE.
   */
  upgrade(before: KeptState, taken: () => void): void {
    for (const { name, options, records } of this.#all) {
      const written = before.records?.find((other) => other.name === name)?.schema;
      if (written === undefined || (written === options.schema && options.areFormer !== true)) continue;
      records.drain((address) => {
        options.upgrade(written, address);
        taken();
      });
    }
  }
}

interface Declared {
  readonly name: string;
  readonly options: RecordsOptions;
  readonly table: StoreTable;
  readonly records: HotRecords;
}
