import { join } from "node:path";
import { expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { ByteReader } from "../base/bytes.ts";
import { MemoryDisk } from "../base/memory-disk.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { days } from "../base/time.ts";
import { shopConfig } from "../cli/shop-log.ts";
import { DebeziumReader } from "../connectors/debezium/reader.ts";
import { FileLog } from "../connectors/file/file-log.ts";
import { FileLogReader } from "../connectors/file/reader.ts";
import { changeColumns, changeLayout, FIRST_FIELD, OP } from "../dataflow/change-layout.ts";
import { writeFields } from "../dataflow/row-writer.ts";
import type { SourceReader } from "../dataflow/source.ts";
import { Payment, Refund } from "../jobs/payment-settlement/models.ts";
import { FolderRegistry } from "../schemas/folder-registry.ts";
import { StateStore, type StorePart } from "../state/state-store.ts";
import { TimerQueue } from "../state/timer-queue.ts";
import { TemporaryLog } from "../test/support/debezium-harness.ts";
import { layShopLog } from "../test/support/shop.ts";
import type { SplitEntry } from "./checkpoint/manifest.ts";
import { type SavedSource, SourceDriver } from "./source-driver.ts";

const MODELS = [Payment, Refund];

/** Drivers that share a source's partitions, as the workers of a job do, and write down what they hand on. */
class Workers {
  /** Changes of each row, in order. */
  readonly rows = new Map<string, string[]>();
  /** Least frontier of the drivers, each time that it moved. */
  readonly frontiers: number[] = [];
  readonly events: string[] = [];
  readonly #dir: string;
  readonly #disk = new MemoryDisk();
  #started = 0;
  #stores: StateStore[] = [];
  #drivers: SourceDriver[] = [];

  constructor(dir: string) {
    this.#dir = join(dir, "input");
  }

  get drivers(): readonly SourceDriver[] {
    return this.#drivers;
  }

  /** Puts so many drivers in the place of those that are there. */
  async restart(count: number): Promise<void> {
    const parts = this.#stores.map((store) => store.checkpoint().part);
    const splits = this.#drivers.flatMap((driver) => driver.saveSplits());
    const sources = this.#drivers.map((driver) => driver.saveSource());
    const rows = this.#drivers.flatMap((driver) => driver.rowTables);
    for (const driver of this.#drivers) driver.reader.close();
    this.#stores = [];
    this.#drivers = [];
    for (let worker = 0; worker < count; worker++) this.#start(worker, count);
    for (const [worker, driver] of this.#drivers.entries()) {
      if (parts.length > 0) await this.#restore(driver, this.#stores[worker]!, parts, { splits, sources, rows });
      driver.announce();
    }
    this.#noteFrontier();
  }

  #noteFrontier(): void {
    const least = Math.min(...this.#drivers.map(({ frontier }) => frontier));
    if (least !== (this.frontiers.at(-1) ?? Number.NEGATIVE_INFINITY)) this.frontiers.push(least);
  }

  #start(worker: number, count: number): void {
    const { tables, heartbeat } = shopConfig("", "").sources.shop;
    const store = new StateStore({
      disk: this.#disk,
      dir: "/state",
      prefix: `${this.#started++}-`,
      memoryBytes: 4 << 20,
    });
    const groups = new Map<string, number>();
    const partitions = Object.entries({ ...tables, heartbeat }).flatMap(([table, { topic }]) => {
      const all = FileLog.topics(this.#dir).find((info) => info.topic === topic)!.partitions;
      return Array.from({ length: all }, (_, partition) => {
        groups.set(`shop ${topic}/${partition}`, groups.size);
        const isOwn = table === "heartbeat" || (groups.size - 1) % count === worker;
        return isOwn ? [{ table, partition, reader: new FileLogReader(this.#dir, topic, partition) }] : [];
      }).flat();
    });
    const source = {
      name: "shop",
      kind: "mariadb",
      heartbeatTable: "heartbeat",
      tables: { ...tables, heartbeat },
    } as const;
    const registry = new FolderRegistry(join(this.#dir, "schemas"));
    const reader = new DebeziumReader({ source, models: MODELS, registry, partitions });
    const backend = { store, timerQueue: () => new TimerQueue() };
    const driver = new SourceDriver(
      { reader, models: MODELS, retainMs: days(180), backend, groups, now: () => 0 },
      this.#target(),
    );
    this.#stores.push(store);
    this.#drivers.push(driver);
  }

  async #restore(
    driver: SourceDriver,
    store: StateStore,
    parts: StorePart[],
    saved: { splits: SplitEntry[]; sources: string[]; rows: SavedSource["manifest"]["rows"] },
  ): Promise<void> {
    const reader = (text: string) => new ByteReader(Buffer.from(text, "base64"));
    store.restore(parts, (_table, group) => driver.ownGroups.includes(group));
    await driver.restore({
      manifest: { rows: saved.rows },
      savedOfSource: () => saved.sources.map(reader),
      split: (_source, name) => {
        const [least] = saved.splits.filter((split) => split.name === name).sort((a, b) => a.offset - b.offset);
        return least && reader(least.saved);
      },
    });
  }

  #target() {
    return {
      batch: (model: { readonly name: string }, batch: Batch) => {
        const { row, kind, time } = changeColumns(batch);
        for (let i = 0; i < batch.count; i++) {
          const name = `${model.name} ${row.text(i)}`;
          const fields = batch.columns.slice(10).map((column) => String(column.get(i)));
          const said = `${kind.values[i]} @${time.values[i]} ${fields.join(" ")}`;
          this.rows.set(name, [...(this.rows.get(name) ?? []), said]);
        }
      },
      control: () => undefined,
      engineAlert: ({ id }: { readonly id: string }) => void this.events.push(id),
      fault: ({ id }: { readonly id: string }) => void this.events.push(id),
      suspension: ({ id }: { readonly id: string }) => void this.events.push(id),
      mended: (id: string) => void this.events.push(`mended ${id}`),
      schemaChange: () => undefined,
    };
  }

  /** Reads all there is, and restarts now and then with as many drivers as `next` says. */
  async run(seed: number, next: ((random: Random) => number) | undefined): Promise<this> {
    const random = seededRandom(seed);
    const restarts = seededRandom(seed + 1);
    await this.restart(next?.(restarts) ?? 1);
    for (;;) {
      const open = this.#drivers.flatMap((driver) => driver.openSplits().map((split) => ({ driver, split })));
      if (open.length === 0) return this;
      const { driver, split } = random.pick(open);
      await driver.read(split, 2_000);
      this.#noteFrontier();
      if (next !== undefined && restarts.chance(0.1)) await this.restart(next(restarts));
    }
  }
}

it.each([1, 2, 3])("drivers go on from what others saved, be they one or several (seed %i)", async (seed) => {
  using log = new TemporaryLog();
  await layShopLog(log.dir, 12);
  const straight = await new Workers(log.dir).run(seed, undefined);
  const alone = await new Workers(log.dir).run(seed, () => 1);
  const rescaled = await new Workers(log.dir).run(seed, (random) => 1 + random.below(4));
  expect(straight.rows.size).toBeGreaterThan(12);
  for (const workers of [alone, rescaled]) {
    expect(workers.rows).toEqual(straight.rows);
    expect(workers.events).toEqual(straight.events);
    expect(workers.frontiers.at(-1)).toBe(straight.frontiers.at(-1));
    expect(workers.frontiers).toEqual([...workers.frontiers].sort((a, b) => a - b));
  }
  expect(alone.frontiers).toEqual(straight.frontiers);
  const [before, after] = [straight, alone].map(({ drivers }) => drivers[0]!.metrics());
  expect(after).toEqual(before);
});

it("a driver without partitions of its own holds nothing up", async () => {
  using log = new TemporaryLog();
  await layShopLog(log.dir, 1);
  const workers = new Workers(log.dir);
  await workers.restart(40);
  expect(workers.drivers.at(-1)!.frontier).toBe(Number.POSITIVE_INFINITY);
  expect(workers.drivers[0]!.frontier).toBe(Number.NEGATIVE_INFINITY);
  for (const driver of workers.drivers) driver.reader.close();
});

it("a split in which positions went back is gone on with from before that", async () => {
  const store = new StateStore({ disk: new MemoryDisk(), dir: "/state", prefix: "0-", memoryBytes: 4 << 20 });
  const changes = [
    { row: "1", major: 9, time: 10 },
    { row: "2", major: 1, time: 20 },
  ];
  let offset = 0;
  let quiet = 0;
  let saves = 0;
  const reader: SourceReader = {
    source: "shop",
    longestTransactionMs: 0,
    splits: [{ topic: "t", partition: 0, table: "payments", heartbeat: false }],
    formatPosition: String,
    read(split, _maxBytes, output) {
      if (quiet-- > 0) return false;
      const { row, major, time } = changes[offset++]!;
      const batch = new Batch(changeLayout(Payment), 1);
      const change = changeColumns(batch);
      change.kind.set(0, OP.create);
      change.time.set(0, time);
      change.seed.nulls[0] = 1;
      change.row.set(0, row);
      change.major.set(0, major);
      for (const column of [change.minor, change.sub, change.offset, change.table, change.absent]) column.set(0, 0);
      writeFields(batch, FIRST_FIELD, 0, Payment.fields, {});
      batch.count = 1;
      output.changes(Payment, split, batch);
      output.progress(split, time);
      return true;
    },
    position: () => offset,
    endOffset: () => changes.length,
    save: (_split, out) => {
      saves++;
      out.uint(offset);
    },
    restore: () => undefined,
    close: () => undefined,
  };
  const backend = { store, timerQueue: () => new TimerQueue() };
  const alerts: string[] = [];
  const driver = new SourceDriver(
    { reader, models: [Payment], retainMs: days(1), backend, groups: new Map([["shop t/0", 0]]), now: () => 0 },
    {
      batch: () => undefined,
      control: () => undefined,
      engineAlert: ({ code }) => alerts.push(code),
      fault: () => undefined,
      suspension: () => undefined,
      mended: () => undefined,
      schemaChange: () => undefined,
    },
  );
  const saved = () => {
    const [split] = driver.saveSplits();
    return [split!.offset, Buffer.from(split!.saved, "base64").at(-1)];
  };
  driver.read(0, 1);
  expect(saved()).toEqual([1, 1]);
  [quiet, saves] = [20, 0];
  for (let i = 0; i < 21; i++) driver.read(0, 1);
  // What a quiet split stands at is not written down each time that it is asked.
  expect(saves).toBe(1);
  expect([alerts, offset, saved(), driver.frontier]).toEqual([["POSITION_WENT_BACK"], 2, [1, 1], 9]);
});
