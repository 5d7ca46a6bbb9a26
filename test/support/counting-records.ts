import type { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { TextColumn } from "../../base/columns.ts";
import { hashBytes } from "../../base/hash.ts";
import { type Job, job } from "../../checks/job.ts";
import { id, model, table } from "../../dataflow/model.ts";
import type { Control, KeyedState, Operator, OperatorContext, StateCodec } from "../../dataflow/operator.ts";
import type { Alarms, Records } from "../../dataflow/records.ts";
import { rowColumns } from "../../dataflow/row-layout.ts";

/** What is counted. */
export const Thing = model("Thing", { from: table("db", "things"), fields: { key: id() } });

/** What is told of a key that is over. */
export interface Told {
  readonly key: string;
  readonly count: number;
}

/** How a version of the job counts. */
export interface CountingOptions {
  /** Of its records. Default: "counts". */
  readonly name?: string;
  /** Of its records. Default: "times"; undefined: it knows nothing of records. */
  readonly schema?: string | undefined;
  /** It takes over records of former versions, and keeps none. */
  readonly areFormer?: boolean;
  /** So long after its last row a key is over, in ms of the watermark. */
  readonly quietMs?: number;
}

/**
 * Counts rows by key, in records, and tells a key's count by the output `out` when it is over. Keys of other versions of the
 * job are counted on as objects, and are never over.
 */
export function countingJob(options: CountingOptions = {}): Job {
  return job("counting", (env) => {
    const { node } = env.changes(Thing);
    const usual = { name: "counts", schema: "times", areFormer: false, quietMs: 10 };
    const create = () => new CountingOperator({ ...usual, ...options });
    env.add({ type: "operator", uid: "counting", inputs: [node], fields: {}, keys: ["key"], create });
  });
}

/** A record: the count of a key, and the time of its last row. */
const RECORD_BYTES = 16;

class CountingOperator implements Operator {
  readonly #options: Required<CountingOptions>;
  #records: Records | undefined;
  #alarms!: Alarms;
  #others!: KeyedState<{ count: number }>;
  #context!: OperatorContext;

  constructor(options: Required<CountingOptions>) {
    this.#options = options;
  }

  open(context: OperatorContext): void {
    const { name, schema, areFormer } = this.#options;
    this.#context = context;
    this.#others = context.state("others", COUNT);
    if (schema === undefined) return;
    this.#alarms = context.alarms("quiet");
    this.#records = context.records(name, {
      schema,
      areFormer,
      upgrade: (_written, address) => {
        const records = this.#records!;
        this.#others.set(records.keyAt(address), { count: records.doubles[address >> 3]! });
      },
    });
  }

  batch(_input: number, batch: Batch): void {
    const keys = batch.column("key") as TextColumn;
    const { time } = rowColumns(batch);
    for (let row = 0; row < batch.count; row++) this.#count(keys.text(row), time.values[row]!);
  }

  control(_input: number, element: Control): void {
    const records = this.#records;
    if (element.type !== "watermark" || records === undefined) return;
    const over = element.time - this.#options.quietMs;
    this.#alarms.take(element.time, (_, hash) => {
      records.withHash(hash, (address) => {
        const isOver = lastOf(records, address) <= over;
        if (isOver) this.#tell(records, address);
        return isOver;
      });
    });
  }

  end(): void {}

  report(): void {
    const records = this.#records;
    records?.forEach((address) => {
      this.#emit(records, address);
    });
    this.#others.forEach((key, { count }) => {
      this.#context.emit("out", { key, count });
    });
  }

  recover(): void {
    const records = this.#records;
    records?.forEach((address) => {
      this.#setAlarm(lastOf(records, address), records.hashAt(address));
    });
  }

  #count(key: string, time: number): void {
    const other = this.#others.get(key);
    const records = this.#records;
    if (other !== undefined || records === undefined || this.#options.areFormer) {
      this.#others.set(key, { count: (other?.count ?? 0) + 1 });
      return;
    }
    const bytes = Buffer.from(key);
    const hash = hashBytes(bytes, 0, bytes.length);
    let address = records.find(hash, bytes, 0, bytes.length);
    if (address < 0) {
      address = records.add(hash, bytes, 0, bytes.length, RECORD_BYTES);
      records.doubles[address >> 3] = 0;
    }
    records.doubles[address >> 3]!++;
    records.doubles[(address >> 3) + 1] = time;
    records.changed(address);
    this.#setAlarm(time, hash);
  }

  #setAlarm(last: number, hash: number): void {
    this.#alarms.set(last + this.#options.quietMs, hash);
  }

  #tell(records: Records, address: number): void {
    this.#emit(records, address);
    records.remove(address);
  }

  #emit(records: Records, address: number): void {
    const told: Told = { key: records.keyAt(address), count: records.doubles[address >> 3]! };
    this.#context.emit("out", told);
  }
}

function lastOf(records: Records, address: number): number {
  return records.doubles[(address >> 3) + 1]!;
}

const COUNT: StateCodec<{ count: number }> = {
  schema: '"double"',
  write: ({ count }, out: ByteWriter) => out.float64(count),
  read: (input: ByteReader) => ({ count: input.float64() }),
  readsFrom: () => undefined,
};
