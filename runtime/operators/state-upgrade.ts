import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { StateCodec } from "../../dataflow/operator.ts";
import { entryLayout } from "../../state/entry-layout.ts";
import type { KeptState } from "../task.ts";
import { raiseIncompatible } from "./schema-difference.ts";

/**
 * How records that another version of a job wrote become records of this one; undefined where they are the same. States
 * and timers are told by their names: new ones begin empty, those that are gone are dropped (whoever restores has asked
 * whether they may be), and values are read by Avro's rules. The conversion gives false for a record that holds nothing
 * any more. STATE_INCOMPATIBLE where a value cannot be read.
 */
export function entryConversion(
  from: KeptState,
  to: KeptState,
  codecs: readonly StateCodec<unknown>[],
): ((input: ByteReader, out: ByteWriter) => boolean) | undefined {
  if (formOf(from) === formOf(to)) return undefined;
  const states = from.states.map(({ name, schema }) => {
    const index = to.states.findIndex((state) => state.name === name);
    return { index, read: index < 0 ? undefined : readerOf(to.uid, name, schema, codecs[index]!) };
  });
  const timers = from.timers.map((name) => to.timers.indexOf(name));
  return (input, out) => {
    const kept: number[] = [];
    const before = entryLayout.readTimers(input);
    for (let i = 0; i < before.length; i += 2) {
      const queue = timers[before[i]!]!;
      if (queue >= 0) kept.push(queue, before[i + 1]!);
    }
    const values = new Array<unknown>(to.states.length).fill(undefined);
    entryLayout.readValues(input, (state, record) => {
      const { index, read } = states[state]!;
      if (read !== undefined) values[index] = read(record);
    });
    return entryLayout.write(out, kept, values, codecs);
  };
}

/** What the records of an operator's keys look like. */
function formOf({ states, timers }: KeptState): string {
  return JSON.stringify([states, timers]);
}

/** How values of a state that were written under a schema are read. STATE_INCOMPATIBLE. */
export function readerOf(uid: string, state: string, schema: string, codec: StateCodec<unknown>) {
  if (schema === codec.schema) return (input: ByteReader) => codec.read(input);
  const reads = codec.readsFrom(schema);
  if (reads === undefined) raiseIncompatible(`state ${state} of ${uid}`, schema, codec.schema);
  return reads;
}
