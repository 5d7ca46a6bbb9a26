import type { Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import type { InstantUnit } from "../../dataflow/model.ts";
import type { FieldDescription } from "../../schemas/schema-paths.ts";
import type { BadRows } from "./bad-rows.ts";
import { DAY_MS, FARTHEST_MS, floorDivideBig, InstantParser } from "./instant.ts";
import type { Mapper, RawColumn } from "./mapping.ts";
import { shownText } from "./shown.ts";

/** How a number stands for a time: so many units per millisecond, or milliseconds per unit. */
export type Unit = { readonly perMs: number } | { readonly ms: number };

const UNITS: Readonly<Record<string, Unit>> = {
  "io.debezium.time.Timestamp": { ms: 1 },
  "io.debezium.time.MicroTimestamp": { perMs: 1_000 },
  "io.debezium.time.NanoTimestamp": { perMs: 1_000_000 },
  "io.debezium.time.Date": { ms: DAY_MS },
  "org.apache.kafka.connect.data.Timestamp": { ms: 1 },
  "org.apache.kafka.connect.data.Date": { ms: DAY_MS },
  "timestamp-millis": { ms: 1 },
  "timestamp-micros": { perMs: 1_000 },
  "timestamp-nanos": { perMs: 1_000_000 },
  date: { ms: DAY_MS },
};

/** Of integers that say nothing of time themselves. */
const DECLARED_UNITS: Readonly<Record<InstantUnit, Unit>> = { s: { ms: 1_000 }, ms: { ms: 1 }, us: { perMs: 1_000 } };

const ZONED = "io.debezium.time.ZonedTimestamp";

/**
 * The mapper of a time or a date, known by its Connect name or its logical type, or of an integer whose unit is declared;
 * undefined for all other types, and for a unit where the type has its own.
 */
export function instantMapper(from: RawColumn, to: Float64Column, declared?: InstantUnit): Mapper | undefined {
  const { type, connectName, logicalType } = from.type;
  const named = connectName ?? logicalType;
  if (declared !== undefined && named !== undefined) return undefined;
  if (type === "string" && connectName === ZONED) return zonedMapper(from.name, from.values as TextColumn, to);
  const unit = unitOf(from.type, declared);
  if (unit === undefined) return undefined;
  if (type === "int" && (declared !== undefined || "ms" in unit)) {
    return intMapper(from.name, from.values as Int32Column, unit, to);
  }
  if (type !== "long") return undefined;
  return longMapper(from.name, from.values as Int64Column, unit, to);
}

/** What a number of a type counts; undefined where it says nothing of time. */
export function unitOf({ connectName, logicalType }: FieldDescription, declared?: InstantUnit): Unit | undefined {
  if (declared !== undefined) return DECLARED_UNITS[declared];
  return UNITS[connectName ?? ""] ?? UNITS[logicalType ?? ""];
}

function intMapper(column: string, from: Int32Column, unit: Unit, to: Float64Column): Mapper {
  const ms = "ms" in unit ? unit.ms : 1;
  const perMs = "perMs" in unit ? unit.perMs : 1;
  return (count, base, bad) => {
    for (let row = 0; row < count; row++) {
      to.nulls[base + row] = from.nulls[row]!;
      if (from.nulls[row] === 1) continue;
      const time = Math.floor(from.values[row]! / perMs) * ms;
      to.values[base + row] = time;
      if (Math.abs(time) > FARTHEST_MS) markFar(bad, row, column, from.values[row]!);
    }
  };
}

function longMapper(column: string, from: Int64Column, unit: Unit, to: Float64Column): Mapper {
  const ms = "ms" in unit ? unit.ms : 1;
  const perMs = "perMs" in unit ? unit.perMs : 1;
  return (count, base, bad) => {
    for (let row = 0; row < count; row++) {
      to.nulls[base + row] = from.nulls[row]!;
      if (from.nulls[row] === 1) continue;
      // Below 2^53 a quotient is never rounded up to an integer: half a unit in its last place is less than 1 / perMs.
      const floored = from.isSafe(row)
        ? Math.floor(from.number(row) / perMs)
        : floorDivideBig(from.big[row]!, BigInt(perMs));
      const time = floored * ms;
      to.values[base + row] = time;
      if (Math.abs(time) > FARTHEST_MS) markFar(bad, row, column, from.big[row]!);
    }
  };
}

function markFar(bad: BadRows, row: number, column: string, value: number | bigint): void {
  bad.mark(row, "INSTANT_OUT_OF_RANGE", { column, value });
}

function zonedMapper(column: string, from: TextColumn, to: Float64Column): Mapper {
  const parser = new InstantParser();
  return (count, base, bad) => {
    for (let row = 0; row < count; row++) {
      to.nulls[base + row] = from.nulls[row]!;
      if (from.nulls[row] === 1) continue;
      const time = parser.parse(from.heap, from.starts[row]!, from.ends[row]!);
      to.values[base + row] = time;
      if (Number.isNaN(time)) bad.mark(row, "INSTANT_UNREADABLE", { column, value: shownText(from, row) });
    }
  };
}
