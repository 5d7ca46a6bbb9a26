import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { Fields } from "../model.ts";
import type { StateCodec } from "../operator.ts";
import { fieldsCodec } from "../state-codec.ts";
import { packedCodec } from "./packed-codec.ts";
import { packedRows } from "./packed-rows.ts";
import { TimedRows } from "./timed-rows.ts";

/** What the row of a table is from a time on. */
export interface Version {
  /** What its ttl counts from: see `writeTime`. Before all time until the first watermark tells it. */
  readonly since: number;
  /** The row, packed; undefined where there is none from that time on. */
  readonly row: Buffer | undefined;
  /** The row that was there before has been retracted at this time. */
  readonly isReplaced: boolean;
}

/** What a look-up join keeps of one key: the events that wait, packed, and the versions of the table's row. */
export class Versioned {
  readonly events = new TimedRows<Buffer>();
  readonly versions = new TimedRows<Version>();
  /** The latest time of an event that found a row, where there is a ttl; else −∞. */
  asked = BEFORE_ALL_TIME;
  /** The earliest timer that is still to come; +∞ where there is none. */
  timer = AFTER_ALL_TIME;

  get isEmpty(): boolean {
    return this.events.count === 0 && this.versions.count === 0;
  }
}

/**
 * Adds a row that is valid from a time on, until it is retracted or another one is added. Of several rows that were added at
 * one time the last one counts.
 */
export function addVersion({ versions }: Versioned, time: number, since: number, row: Buffer): void {
  const place = versions.behind(time);
  const isThere = place > 0 && versions.timeAt(place - 1) === time;
  if (isThere) versions.replace(place - 1, { since, row, isReplaced: versions.rowAt(place - 1)!.isReplaced });
  else versions.insert(place, time, { since, row, isReplaced: false });
}

/**
 * Ends the validity of a row. Where another one is valid by then, it stays: rows of a key come from several partitions, so
 * that an update which changes the row's primary key may add the new row before it retracts the old one, at one time.
 */
export function retractVersion({ versions }: Versioned, time: number, since: number, row: Buffer): void {
  const place = versions.behind(time);
  const last = versions.rowAt(place - 1);
  if (last === undefined || versions.timeAt(place - 1) !== time) {
    if (last?.row === undefined || last.row.equals(row)) {
      versions.insert(place, time, { since, row: undefined, isReplaced: true });
    }
    return;
  }
  const before = versions.rowAt(place - 2)?.row;
  if (!last.isReplaced && before?.equals(row)) versions.replace(place - 1, { ...last, isReplaced: true });
  else if (last.row?.equals(row)) versions.replace(place - 1, { since, row: undefined, isReplaced: true });
}

/**
 * The codec of what a look-up join keeps of a key, of these fields of events and of the table's rows. Its bytes are those
 * of the Avro codec of its schema.
 */
export function versionedCodec(event: Fields, row: Fields): StateCodec<Versioned> {
  const [skipEvent, skipRow] = [packedRows.skipper(event), packedRows.skipper(row)];
  const read = (input: ByteReader) => {
    const kept = new Versioned();
    kept.timer = input.float64();
    kept.asked = input.float64();
    for (let left = input.uint(); left > 0; left--) {
      kept.events.insert(kept.events.count, input.float64(), packedAt(input, skipEvent));
    }
    for (let left = input.uint(); left > 0; left--) {
      const time = input.float64();
      const since = input.float64();
      const isReplaced = input.flag();
      const row = input.flag() ? packedAt(input, skipRow) : undefined;
      kept.versions.insert(kept.versions.count, time, { since, row, isReplaced });
    }
    return kept;
  };
  return packedCodec(schemaOf(event, row), write, read);
}

function write({ timer, asked, events, versions }: Versioned, out: ByteWriter): void {
  out.float64(timer);
  out.float64(asked);
  out.uint(events.count);
  for (let i = 0; i < events.count; i++) {
    out.float64(events.timeAt(i)!);
    putRow(events.rowAt(i)!, out);
  }
  out.uint(versions.count);
  for (let i = 0; i < versions.count; i++) {
    const { since, row, isReplaced } = versions.rowAt(i)!;
    out.float64(versions.timeAt(i)!);
    out.float64(since);
    out.flag(isReplaced);
    out.flag(row !== undefined);
    if (row !== undefined) putRow(row, out);
  }
}

function putRow(row: Buffer, out: ByteWriter): void {
  out.raw(row, 0, row.length);
}

function packedAt(input: ByteReader, skip: (bytes: Uint8Array, at: number) => number): Buffer {
  const start = input.position;
  input.position = skip(input.buffer, start);
  return Buffer.from(input.buffer.subarray(start, input.position));
}

function schemaOf(event: Fields, row: Fields): AvroSchema {
  // A namespace of its own for each side: both may define a type of one name.
  const list = (
    namespace: string,
    name: string,
    fields: readonly { name: string; type: AvroSchema }[],
  ): AvroSchema => ({
    type: "array",
    items: { type: "record", name, namespace, fields },
  });
  const time = { name: "time", type: "double" } as const;
  const typeOf = (fields: Fields): AvroSchema => JSON.parse(fieldsCodec(fields).schema);
  const since = { name: "since", type: "double" } as const;
  const isReplaced = { name: "isReplaced", type: "boolean" } as const;
  return {
    type: "record",
    name: "Versioned",
    fields: [
      { name: "timer", type: "double" },
      { name: "asked", type: "double" },
      { name: "events", type: list("events", "Event", [time, { name: "fields", type: typeOf(event) }]) },
      {
        name: "versions",
        type: list("versions", "Version", [time, since, isReplaced, { name: "fields", type: ["null", typeOf(row)] }]),
      },
    ],
  };
}
