import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Fields } from "../model.ts";
import type { StateCodec } from "../operator.ts";
import { fieldsCodec } from "../state-codec.ts";
import { RowRun, readRun, writeRun } from "./row-run.ts";

/**
 * The codec of runs of packed rows of the given fields. Rows that a version of the job with more fields kept are read
 * without them; those of one with fewer are not, since nothing tells which of them a retract of now is for. Nor are those of
 * one with another condition, whose matches were others.
 */
export function runCodec(fields: Fields, condition: string): StateCodec<RowRun> {
  const codec = fieldsCodec(fields);
  const schema = JSON.stringify({
    type: "array",
    items: { type: "record", name: "Kept", fields: [{ name: "fields", type: JSON.parse(codec.schema), condition }] },
  });
  return {
    schema,
    write: writeRun,
    read: readRun,
    readsFrom: (other) => {
      const before = (JSON.parse(other) as RunSchema).items?.fields?.[0];
      const names = new Set(before?.type.fields?.map(({ name }) => name));
      if (before?.condition !== condition || !Object.keys(fields).every((name) => names.has(name))) return undefined;
      const read = codec.readsFrom(JSON.stringify(before.type));
      return read && ((input) => rewritten(readRun(input), (row, out) => codec.write(read(row), out)));
    },
  };
}

interface RunSchema {
  readonly items?: { readonly fields?: readonly KeptSchema[] };
}

interface KeptSchema {
  readonly type: { readonly fields?: readonly { readonly name: string }[] };
  readonly condition: string;
}

function rewritten(from: RowRun, rewrite: (row: ByteReader, out: ByteWriter) => void): RowRun {
  const run = new RowRun();
  const row = new ByteReader();
  const out = new ByteWriter();
  for (let place = from.first; place < from.length; place = from.next(place)) {
    out.clear();
    rewrite(row.reset(from.bytes, from.fieldsAt(place), from.endAt(place)), out);
    run.add(out, from.timeAt(place), from.isSeedAt(place), from.matchesAt(place), from.writtenAt(place));
  }
  return run;
}
