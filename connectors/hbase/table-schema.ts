import { BUCKETS, SALTS } from "./row-key.ts";
import { FAMILY } from "./row-value.ts";

/** What may be chosen of a table that keeps evidence. */
export interface TableOptions {
  /** After how long a snapshot goes, from when it was written, in whole seconds; left out: never. */
  readonly ttlSeconds?: number;
}

/**
 * What the table's column family is made with. All versions of a cell stay: a further one is evidence that was written
 * anew. Rows are not compressed; row keys, most of which is alike in neighbours, are.
 */
export function familyOf({ ttlSeconds }: TableOptions): Readonly<Record<string, string>> {
  return {
    VERSIONS: "2147483647",
    DATA_BLOCK_ENCODING: "FAST_DIFF",
    BLOOMFILTER: "ROW",
    ...(ttlSeconds === undefined ? {} : { TTL: String(ttlSeconds) }),
  };
}

/** Row keys before which the table is split, so that each salt and each bucket of the index has a region of its own. */
export const SPLITS: readonly string[] = [
  ...Array.from({ length: SALTS - 1 }, (_, salt) => (salt + 1).toString(16)),
  ...Array.from({ length: BUCKETS }, (_, bucket) => `i${bucket}`),
];

/** The table as the REST server takes it. It makes one region: it has no way to say splits. */
export function schemaOf(table: string, options: TableOptions) {
  return { name: table, ColumnSchema: [{ name: FAMILY, ...familyOf(options) }] };
}

/** The line for `hbase shell` that makes the table split. */
export function shellLine(table: string, options: TableOptions): string {
  const family = Object.entries({ NAME: FAMILY, ...familyOf(options) }).map(([name, value]) =>
    /^\d+$/.test(value) ? `${name} => ${value}` : `${name} => '${value}'`,
  );
  const splits = SPLITS.map((split) => `'${split}'`).join(", ");
  return `create '${table}', {${family.join(", ")}}, SPLITS => [${splits}]`;
}
