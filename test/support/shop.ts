import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { shopConfig } from "../../cli/shop-log.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { runShop } from "../../shop/shop.ts";
import type { ShopRecord } from "../../shop/sink.ts";
import type { ShopTruth } from "../../shop/truth.ts";

/** How a shop's log differs from the one that the demo writes. */
export interface ShopLogChanges {
  /** False leaves out the end markers, as if the log were still being written. */
  readonly ended?: boolean;
  /** Changes a record before it is written; `index` counts the records of its topic. */
  readonly change?: (topic: string, index: number, record: ShopRecord) => ShopRecord;
  /** Records that are written out together, so that the log can be read in small pieces. */
  readonly flushEvery?: number;
  /** As `ShopOptions` has them. */
  readonly departments?: readonly string[];
}

/** Lays a shop's log, its registry and a configuration (`config.json`, output in `out`) down in a folder. */
export async function layShopLog(
  dir: string,
  orders: number,
  { ended = true, change, flushEvery = Number.POSITIVE_INFINITY, departments }: ShopLogChanges = {},
): Promise<ShopTruth> {
  const writer = new FileLogWriter(join(dir, "input"));
  const registry = new FolderRegistry(join(dir, "input", "schemas"));
  const seen = new Map<string, number>();
  let unwritten = 0;
  writeFileSync(join(dir, "config.json"), JSON.stringify(shopConfig("input", "out", departments), null, 2));
  return runShop({
    seed: 1,
    orders,
    ...(departments && { departments }),
    sink: {
      createTopic: (topic, partitions) => writer.createTopic(topic, partitions),
      append: (topic, partition, record) => {
        const index = seen.get(topic) ?? 0;
        seen.set(topic, index + 1);
        writer.append(topic, partition, change?.(topic, index, record) ?? record);
        if (++unwritten % flushEvery === 0) writer.flush();
      },
      flush: () => writer.flush(),
      end: (time) => (ended ? writer.end(time) : writer.close()),
      register: (subject, schema) => registry.register(subject, schema as AvroSchema),
    },
  });
}

/** Cuts the last bytes off one record of a topic. */
export function breakRecord(topic: string, index: number): NonNullable<ShopLogChanges["change"]> {
  return (of, i, record) =>
    of === topic && i === index ? { ...record, value: record.value!.subarray(0, record.value!.length - 3) } : record;
}
