import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { StateCodec } from "../operator.ts";
import { avroCodec, FIELD_TYPES } from "../state-codec.ts";
import type { Accumulator } from "./compiled.ts";

/** One field of an accumulator. */
export interface Slot {
  readonly name: string;
  readonly type: SlotType;
}

/** What a slot holds, and how it is written down: in the format of `avroCodec` for its schema. */
export interface SlotType<T = unknown> {
  /** What a slot begins with: a new object each time where it is one. */
  begin(): T;
  /** Names that the schema defines should contain the slot's, since Avro defines a name once. */
  schema(slot: string): AvroSchema;
  write(value: T, out: ByteWriter): void;
  read(input: ByteReader): T;
  /** From what `avroCodec` reads. */
  from(value: unknown): T;
}

/**
 * The codec of accumulators with these slots. Slots are told by their names: the state of one that is gone is dropped,
 * and one that is new cannot be computed of rows that are gone, so that its state is not compatible.
 */
export function slotsCodec(slots: readonly Slot[], create: () => Accumulator): StateCodec<Accumulator> {
  const fields = slots.map(({ name, type }) => ({ name, type: type.schema(name) }));
  const avro = avroCodec<Record<string, unknown>>({ type: "record", name: "Accumulator", fields });
  const filled = (value: (slot: Slot) => unknown) => {
    const accumulator = create() as Record<string, unknown>;
    for (let i = 0; i < slots.length; i++) accumulator[slots[i]!.name] = value(slots[i]!);
    return accumulator as Accumulator;
  };
  return {
    schema: avro.schema,
    write: (accumulator, out) => {
      const values = accumulator as Record<string, unknown>;
      for (let i = 0; i < slots.length; i++) slots[i]!.type.write(values[slots[i]!.name], out);
    },
    read: (input) => filled(({ type }) => type.read(input)),
    readsFrom: (schema) => {
      const read = avro.readsFrom(schema);
      return (
        read &&
        ((input) => {
          const stored = read(input);
          return filled(({ name, type }) => type.from(stored[name]));
        })
      );
    },
  };
}

/** An integer: a number where that is exact, else a bigint. */
export type Whole = number | bigint;

/** The integer as it is kept: equal ones are identical. */
export function wholeOf(value: bigint): Whole {
  return value >= MIN_SAFE && value <= MAX_SAFE ? Number(value) : value;
}

/** An integer of any size. */
export const wholeSlot: SlotType<Whole> = {
  begin: () => 0,
  schema: () => "long",
  write: writeWhole,
  read: readWhole,
  from: (value) => wholeOf(value as bigint),
};

/** A double that begins as the one given. */
export function doubleSlot(first: number): SlotType<number> {
  return {
    begin: () => first,
    schema: () => "double",
    write: (value, out) => out.float64(value),
    read: (input) => input.float64(),
    from: (value) => value as number,
  };
}

/** A text. */
export const textSlot: SlotType<string> = {
  begin: () => "",
  schema: () => FIELD_TYPES.text,
  write: (value, out) => out.text(value),
  read: (input) => input.text(),
  from: (value) => value as string,
};

/** An id, which is no text, nor the other way round, when state of another version of the job is read. */
export const idSlot: SlotType<string> = { ...textSlot, schema: () => FIELD_TYPES.id };

/** A boolean. */
export const flagSlot: SlotType<boolean> = {
  begin: () => false,
  schema: () => "boolean",
  write: (value, out) => out.flag(value),
  read: (input) => input.flag(),
  from: (value) => value as boolean,
};

/** A slot that is null until there is a value. */
export function nullable<T>(type: SlotType<T>): SlotType<T | null> {
  return {
    begin: () => null,
    schema: (slot) => ["null", type.schema(slot)],
    write: (value, out) => {
      out.byte(value === null ? 0 : 1);
      if (value !== null) type.write(value, out);
    },
    read: (input) => (input.byte() === 0 ? null : type.read(input)),
    from: (value) => (value === null ? null : type.from(value)),
  };
}

/** How often each value is there. */
export function countsSlot<T>(type: SlotType<T>): SlotType<Map<T, number>> {
  return {
    begin: () => new Map(),
    schema: (slot) => pairs(slot, { name: "value", type: type.schema(slot) }, { name: "count", type: "long" }),
    write: (counts, out) => {
      out.uint(counts.size);
      for (const [value, count] of counts) {
        type.write(value, out);
        writeWhole(count, out);
      }
    },
    read: (input) => {
      const counts = new Map<T, number>();
      for (let left = input.uint(); left > 0; left--) counts.set(type.read(input), readWhole(input) as number);
      return counts;
    },
    from: (stored) => new Map((stored as Pairs).map(({ value, count }) => [type.from(value), Number(count)])),
  };
}

/** Values in the order of their event times, then of arrival. */
export interface TimedValues {
  readonly times: number[];
  readonly values: unknown[];
}

/** Values in order of time. */
export function timedSlot(type: SlotType): SlotType<TimedValues> {
  return {
    begin: () => ({ times: [], values: [] }),
    schema: (slot) => pairs(slot, { name: "time", type: "double" }, { name: "value", type: type.schema(slot) }),
    write: ({ times, values }, out) => {
      out.uint(times.length);
      for (let i = 0; i < times.length; i++) {
        out.float64(times[i]!);
        type.write(values[i], out);
      }
    },
    read: (input) => {
      const timed: TimedValues = { times: [], values: [] };
      for (let left = input.uint(); left > 0; left--) {
        timed.times.push(input.float64());
        timed.values.push(type.read(input));
      }
      return timed;
    },
    from: (stored) => ({
      times: (stored as Pairs).map(({ time }) => time as number),
      values: (stored as Pairs).map(({ value }) => type.from(value)),
    }),
  };
}

type Pairs = readonly Readonly<Record<string, unknown>>[];

function pairs(slot: string, ...fields: readonly { readonly name: string; readonly type: AvroSchema }[]): AvroSchema {
  return { type: "array", items: { type: "record", name: `of_${slot}`, fields } };
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const MIN_SAFE = -MAX_SAFE;
/** Zigzag makes twice the magnitude of it, which must be exact too. */
const MAX_FAST = 2 ** 51;

function writeWhole(value: Whole, out: ByteWriter): void {
  if (typeof value === "number" && value < MAX_FAST && value > -MAX_FAST) {
    out.uint(value < 0 ? -2 * value - 1 : 2 * value);
  } else out.bigint(BigInt(value));
}

function readWhole(input: ByteReader): Whole {
  const start = input.position;
  const zigzag = input.uint();
  if (zigzag <= Number.MAX_SAFE_INTEGER) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  input.position = start;
  return wholeOf(input.bigint());
}
