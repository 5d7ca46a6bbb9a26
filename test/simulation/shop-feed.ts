import { CountercheckError } from "../../base/errors.ts";
import type { MemoryDisk } from "../../base/memory-disk.ts";
import type { Random } from "../../base/random.ts";
import type { SourceBinding } from "../../cli/config.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";
import { type LoggedRecord, MemoryLog } from "../../shop/memory-log.test-helper.ts";
import { runShop } from "../../shop/shop.ts";
import type { SimClock } from "./sim-clock.ts";

/** Folder of the shop's log on its disk. */
export const INPUT = "/input";

/** Most time that the registry takes. */
const REGISTRY_MS = 30;

/** What the shop's databases are bound to. */
export const SOURCES: readonly SourceBinding[] = [
  {
    name: "shop",
    kind: "mariadb",
    input: { folder: INPUT },
    tables: {
      payments: { topic: "maria.shop.payments" },
      refunds: { topic: "maria.shop.refunds" },
      heartbeat: { topic: "maria.shop.heartbeat" },
    },
    heartbeatTable: "heartbeat",
  },
  {
    name: "ledger",
    kind: "postgresql",
    input: { folder: INPUT },
    tables: {
      settlement_lines: { topic: "pg.public.settlement_lines" },
      heartbeat: { topic: "pg.public.heartbeat" },
    },
    heartbeatTable: "heartbeat",
  },
];

/** All that a small shop writes, to be brought into logs at any pace. */
export class SimulatedShop {
  readonly log: MemoryLog;

  private constructor(log: MemoryLog) {
    this.log = log;
  }

  /** Always the same for a seed. Some records are broken where `isFaulty`. */
  static async open(seed: number, orders: number, faulty: Random | undefined): Promise<SimulatedShop> {
    const log = new MemoryLog();
    await runShop({ seed, orders, sink: log, departments: [] });
    thinOut(log.records);
    if (faulty !== undefined) for (let i = 0; i < 3; i++) breakRecord(log.records, faulty);
    return new SimulatedShop(log);
  }

  /** The registry beside the log, which takes its time. */
  registry(clock: SimClock, random: Random): SchemaRegistry {
    const { schemas } = this.log;
    return {
      async schemaById(id) {
        await clock.sleep(random.below(REGISTRY_MS));
        const found = schemas[id - 1];
        if (found === undefined) throw new CountercheckError("SCHEMA_UNKNOWN", { id, registry: "simulated" });
        return found.schema as AvroSchema;
      },
      register: () => Promise.reject(new Error("the shop registers its schemas itself")),
    };
  }
}

/** How a log grows. */
export interface Pace {
  /** Most records that come at once, of one source. */
  readonly most: number;
  /** Most time between two such pieces, in ms. */
  readonly everyMs: number;
  /** How likely a source stalls after a piece, and for how long. */
  readonly stall: number;
  readonly stallMs: number;
}

/** Lets a shop's log grow as time passes; all of it is there at once without a pace. */
export function feed(shop: SimulatedShop, disk: MemoryDisk, clock: SimClock, random: Random, pace?: Pace): void {
  const writer = new FileLogWriter(INPUT, { disk, lock: () => ({ release: () => undefined }) });
  const { topics, records, endTime } = shop.log;
  for (const [topic, partitions] of topics) writer.createTopic(topic, partitions);
  let open = SOURCES.length;
  const write = ({ topic, partition, ...record }: LoggedRecord) => void writer.append(topic, partition, record);
  const end = () => {
    if (--open === 0) writer.end(endTime!);
  };
  for (const { name, tables } of SOURCES) {
    const own = new Set(Object.values(tables).map(({ topic }) => topic));
    const rest = records.filter(({ topic }) => own.has(topic)).values();
    if (pace === undefined) {
      for (const record of rest) writeBehindFlush(record);
      end();
    } else grow(rest, random.fork(name), pace);
  }

  /** What comes before a heartbeat can be read before it. */
  function writeBehindFlush(record: LoggedRecord): void {
    if (record.topic.endsWith("heartbeat")) writer.flush();
    write(record);
  }

  function grow(rest: Iterator<LoggedRecord>, own: Random, { most, everyMs, stall, stallMs }: Pace): void {
    for (let left = 1 + own.below(most); left > 0; left--) {
      const next = rest.next();
      if (next.done === true) return end();
      writeBehindFlush(next.value);
    }
    writer.flush();
    const pause = own.chance(stall) ? stallMs : own.below(everyMs);
    clock.after(pause, () => grow(rest, own, { most, everyMs, stall, stallMs }));
  }
}

/** Of the heartbeats, one in so many is enough. */
const HEARTBEATS_IN_ONE = 8;

/** Leaves out most heartbeats, which are most of a small shop's log. */
function thinOut(records: LoggedRecord[]): void {
  let beats = 0;
  const kept = records.filter((record) => !isHeartbeat(record) || beats++ % HEARTBEATS_IN_ONE < SOURCES.length);
  records.splice(0, records.length, ...kept);
}

/** Cuts the end off some record of business. */
function breakRecord(records: LoggedRecord[], random: Random): void {
  const whole = records.flatMap((record, index) => (record.value === null || isHeartbeat(record) ? [] : [index]));
  const index = whole[(whole.length >> 2) + random.below(whole.length >> 1)]!;
  const record = records[index]!;
  records[index] = { ...record, value: record.value!.subarray(0, record.value!.length - 3) };
}

function isHeartbeat({ topic }: LoggedRecord): boolean {
  return topic.endsWith("heartbeat");
}
