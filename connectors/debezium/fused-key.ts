import { type AvroSchema, describeField } from "../../schemas/decoder.ts";
import { leavesOf } from "../../schemas/schema-paths.ts";
import { parseSchema } from "../../schemas/schema-tree.ts";
import { type Emit, REFUSE, type StraightSource, type Taker } from "../../schemas/straight-source.ts";
import type { FusedWriter } from "./fused-writer.ts";
import { KeyWriter, putInteger } from "./key-text.ts";

/** A schema and its id. */
export interface KnownSchema {
  readonly id: number;
  readonly schema: AvroSchema;
}

/**
 * Takes the parts of a Kafka key, which become the canonical text in row `row` of the column `keys`, as `RowKeys` has it.
 * False for a schema whose keys are never plain.
 */
export function takeKey(out: FusedWriter, source: StraightSource, { id, schema }: KnownSchema): boolean {
  const parts = leavesOf(parseSchema(schema, String(id)), String(id));
  const writer = out.known(new KeyWriter());
  const isAlone = parts.length === 1;
  return parts.every((part, i) => {
    const type = describeField(schema, part)!;
    const isText = type.type === "string" || type.type === "enum";
    const isWhole = type.logicalType === "decimal" && type.scale === 0;
    const before = i === 0 ? `${writer}.reset();` : `${writer}.separator();`;
    const after = i === parts.length - 1 ? `${writer}.putInto(keys, row);` : "";
    const wrapped =
      (write: string): Emit =>
      (to) =>
        to.line(`${before} ${writer}.${write}; ${after}`);
    const none: Emit = (to) => to.line(REFUSE);
    if (type.type === "boolean")
      return source.take(part, { none, integer: wrapped('ascii(low === 1 ? "true" : "false")') });
    const alone: Emit = (to) => to.line(`${out.known(putInteger)}(keys, row, low, high);`);
    const integer = isAlone ? alone : wrapped("words(low, high)");
    const taker: Taker = { none, integer };
    if (isText || isWhole)
      return source.take(part, { ...taker, bytes: wrapped(`${isText ? "text" : "decimal"}(s, from, to)`) });
    return source.take(part, taker);
  });
}
