import type { Envelope, Row } from "../../shop/decoded-log.test-helper.ts";
import type { Recorded, Recording } from "./recording.ts";

/** A row of a table, by the values of some of its columns. */
export interface RowName {
  readonly table: string;
  readonly where: Readonly<Record<string, unknown>>;
}

/** Cells that a row gets; a function is given what is there. */
export type Cells = Readonly<Record<string, unknown>> | ((row: Row) => Row);

/** What is done to recorded traffic. Each gives how many records it changed, took out or put in. */
export const change = {
  /** A row never was: all that was recorded of it is gone. */
  drop(recording: Recording, row: RowName): number {
    const gone = recordsOf(recording, row);
    removeAll(recording, gone);
    return gone.length;
  },

  /** A row says something else, from its beginning. */
  cells(recording: Recording, row: RowName, cells: Cells): number {
    const records = recordsOf(recording, row);
    for (const record of records) {
      record.key = keyWith(record, cells);
      record.value = record.value && imaged(record.value, (image) => merged(image, cells));
      record.isChanged = true;
    }
    return records.length;
  },

  /** A row is there twice: the other one has cells of its own, its key among them. */
  double(recording: Recording, row: RowName, cells: Cells): number {
    const records = recordsOf(recording, row);
    for (const record of records) {
      const value = record.value && imaged(stepped(record.value), (image) => merged(image, cells));
      const copy: Recorded = { ...record, key: keyWith(record, cells), value, isChanged: true };
      recording.items.splice(recording.items.indexOf(record) + 1, 0, copy);
    }
    return records.length;
  },

  /** All that was done to a row was done so much later, with what its times say (negative: earlier). */
  shift(recording: Recording, row: RowName, byMs: number, cells: Cells = {}): number {
    const records = recordsOf(recording, row);
    removeAll(recording, records);
    for (const record of records) putLater(recording, record, byMs, cells);
    return records.length;
  },
};

/** Puts a record that was taken out where it belongs so much later (negative: earlier), with what its times say. */
export function putLater(recording: Recording, record: Recorded, byMs: number, cells: Cells = {}): void {
  const { value } = record;
  const time = value === null ? record.record.timestamp : (value.source ?? value).ts_ms;
  const at = placeOf(recording, record, Number(time) + byMs);
  const before = recording.items.slice(0, at).findLast((item) => isChange(item) && isOfSource(item, record));
  const said = value && imaged(value, (image) => merged(image, cells));
  const moved = said && stepped(movedTo(said, byMs), (before as Recorded | undefined)?.value ?? undefined);
  recording.items.splice(at, 0, { ...record, value: moved, isChanged: true });
}

/** Puts a record in once more, as another change. */
export function putAgain(recording: Recording, record: Recorded): void {
  const copy: Recorded = { ...record, value: record.value && stepped(record.value), isChanged: true };
  recording.items.splice(recording.items.indexOf(record) + 1, 0, copy);
}

function recordsOf(recording: Recording, { table, where }: RowName): Recorded[] {
  const isIt = (row: Row | null | undefined) =>
    row !== null && row !== undefined && Object.entries(where).every(([name, value]) => row[name] === value);
  const own = recording.of(table).filter(({ value }) => isIt(value.after) || isIt(value.before));
  const keys = new Set(own.map(({ key }) => keyText(key)));
  return recording.items.filter(
    (item): item is Recorded => item !== "flush" && item.table === table && keys.has(keyText(item.key)),
  );
}

function keyText(key: Row): string {
  return Object.values(key).join("/");
}

/** Takes records out. */
export function removeAll(recording: Recording, gone: readonly Recorded[]): void {
  const all = new Set<Recorded | "flush">(gone);
  const kept = recording.items.filter((item) => !all.has(item));
  recording.items.length = 0;
  for (const item of kept) recording.items.push(item);
}

function merged(row: Row, cells: Cells): Row {
  return typeof cells === "function" ? cells(row) : { ...row, ...cells };
}

/** Its key, which only cells that are given as they are can change. */
function keyWith({ key }: Recorded, cells: Cells): Row {
  if (typeof cells === "function") return key;
  return Object.fromEntries(Object.keys(key).map((name) => [name, cells[name] ?? key[name]]));
}

function imaged(value: Envelope, make: (image: Row) => Row): Envelope {
  const { before, after } = value;
  return { ...value, before: before && make(before), after: after && make(after) };
}

/** The place behind all that happened by a time, in front of the flush that follows. */
function placeOf(recording: Recording, record: Recorded, timeMs: number): number {
  const last = recording.items.findLastIndex(
    (item) => isChange(item) && isOfSource(item, record) && Number(item.value!.source.ts_ms) <= timeMs,
  );
  return last + 1;
}

function isChange(item: Recorded | "flush"): item is Recorded {
  return item !== "flush" && item.value !== null && !isTransaction(item.value);
}

/** Transactions are told of without a source. */
function isTransaction({ source }: Envelope): boolean {
  return source === undefined;
}

function isOfSource({ topic }: Recorded, other: Recorded): boolean {
  const prefix = other.topic.slice(0, other.topic.indexOf("."));
  return topic.startsWith(`${prefix}.`);
}

function movedTo(value: Envelope, byMs: number): Envelope {
  const moved = (time: unknown, unit: bigint) => (typeof time === "bigint" ? time + BigInt(byMs) * unit : time);
  const times = (of: Row) => ({
    ts_ms: moved(of.ts_ms, 1n),
    ts_us: moved(of.ts_us, 1_000n),
    ts_ns: moved(of.ts_ns, 1_000_000n),
  });
  const { source } = value;
  const moment = { ...value, ...times(value as unknown as Row) } as Envelope;
  return isTransaction(value) ? moment : { ...moment, source: { ...source, ...times(source) } as Envelope["source"] };
}

let steps = 0;

/** A position of its own, right behind that of another record. */
function stepped(value: Envelope, behind: Envelope = value): Envelope {
  if (isTransaction(value)) return value;
  const { file, pos, row, lsn } = behind.source as Row;
  const position =
    lsn === undefined ? { file, pos, row: (row as number) + 1_000 + ++steps } : { lsn: (lsn as bigint) + 1n };
  return { ...value, source: { ...value.source, ...position } as Envelope["source"] };
}

/** A decimal that is so many units of its last place more. */
export function more(decimal: unknown, units: bigint): Buffer {
  const bytes = Buffer.from(decimal as Uint8Array);
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`)) + units;
  const out = Buffer.alloc(9);
  out.writeInt8(unscaled < 0n ? -1 : 0);
  out.writeBigInt64BE(BigInt.asIntN(64, unscaled), 1);
  return out;
}

/** An instant as its column has it, so much later. */
export function later(time: unknown, byMs: number): unknown {
  if (typeof time === "bigint") return time + BigInt(byMs);
  return new Date(Date.parse(time as string) + byMs).toISOString();
}
