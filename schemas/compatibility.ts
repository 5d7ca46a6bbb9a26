import type { AvroSchema } from "./avro-schema.ts";
import { type Reading, resolve } from "./resolution.ts";
import { parseSchema } from "./schema-tree.ts";

/**
 * Why records of one schema cannot all be read as another, each reason with the field that it is about; empty where they
 * can, whatever their values. Throws AVRO_SCHEMA_INVALID; `name` is for its message.
 */
export function whyUnreadable(writer: AvroSchema, reader: AvroSchema, name: string): readonly string[] {
  const reasons: string[] = [];
  collect(resolve(parseSchema(writer, name), parseSchema(reader, name)), "", reasons, new Set());
  return reasons;
}

function collect(reading: Reading, path: string, reasons: string[], seen: Set<Reading>): void {
  if (seen.has(reading)) return;
  seen.add(reading);
  const tell = (reason: string) => reasons.push(path === "" ? reason : `${path}: ${reason}`);
  switch (reading.kind) {
    case "scalar":
      return;
    case "unreadable":
      tell(reading.reason);
      return;
    case "enum":
      if (reading.symbols.includes(undefined)) tell("a symbol of the enum is gone, and it has no default");
      return;
    case "array":
      return collect(reading.items, path, reasons, seen);
    case "map":
      return collect(reading.values, path, reasons, seen);
    case "union":
      for (const branch of reading.branches) collect(branch, path, reasons, seen);
      return;
    case "record":
      for (const { reads } of reading.steps) {
        for (const { name, reading: field } of reads)
          collect(field, path === "" ? name : `${path}.${name}`, reasons, seen);
      }
  }
}
