import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { MemoryDisk } from "../base/memory-disk.ts";
import { checkArenas } from "../test/support/checked-arenas.ts";
import { HotRecords } from "./hot-records.ts";
import { hashBytes } from "./key-groups.ts";
import { KeyedEntries } from "./keyed-entries.ts";
import { StateStore, type StorePart } from "./state-store.ts";
import { TimerQueue } from "./timer-queue.ts";

/** A value that operators change in place. */
interface Text {
  text: string;
}

const texts = {
  write: ({ text }: Text, out: ByteWriter) => out.text(text),
  read: (input: ByteReader): Text => ({ text: input.text() }),
};

const SEGMENT_BYTES = 60_000;

/** Rows, records and objects of one store, which puts hardly anything at once for a checkpoint. */
function open(disk: MemoryDisk, prefix: string, parts: readonly StorePart[] = []) {
  const sizes = { memoryBytes: 400_000, segmentBytes: SEGMENT_BYTES, slackBytes: 20_000, stepBytes: 1 };
  const store = new StateStore({ disk, dir: "state", prefix, ...sizes });
  const rows = store.table("rows");
  const records = new HotRecords({ table: store.table("records"), arenaBytes: 0 });
  const entries = new KeyedEntries(store.table("entries"), 6_000);
  const values = entries.state<Text>(texts);
  const timers = entries.timers(new TimerQueue());
  store.restore(parts, () => true);
  entries.recover();
  return { store, rows, records, entries, values, timers };
}

type State = ReturnType<typeof open>;

const bytesOf = (key: string) => Buffer.from(key);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** What can be done to the value of a key, in each place where there are some: `text` is put, `undefined` removes it. */
const writers: Readonly<Record<string, (state: State, key: string, text: string | undefined) => void>> = {
  row({ rows }, key, text) {
    const bytes = bytesOf(key);
    if (text === undefined) rows.remove(0, bytes, 0, bytes.length);
    else rows.put(0, bytes, 0, bytes.length, bytesOf(text), 0, text.length);
  },
  record({ records }, key, text) {
    const bytes = bytesOf(key);
    const hash = hashBytes(bytes, 0, bytes.length);
    const address = records.find(hash, bytes, 0, bytes.length);
    if (text === undefined) {
      if (address >= 0) records.remove(address);
      return;
    }
    const isAsLong = address >= 0 && records.lengthAt(address) === text.length;
    if (isAsLong) records.changed(address);
    const to = isAsLong
      ? address
      : address >= 0
        ? records.resize(address, text.length)
        : records.add(hash, bytes, 0, bytes.length, text.length);
    records.bytes.set(bytesOf(text), to);
  },
  hashed({ records }, key, text) {
    const bytes = bytesOf(key);
    if (text !== undefined) {
      records.withHash(hashBytes(bytes, 0, bytes.length), (address) => {
        if (records.keyAt(address) !== key) return false;
        const to = records.resize(address, text.length);
        records.bytes.set(bytesOf(text), to);
        return true;
      });
    }
  },
  entry({ values, timers }, key, text) {
    const known = values.get(key);
    if (text === undefined) {
      values.delete(key);
      timers.remove(key, 1);
    } else if (known === undefined) {
      values.set(key, { text });
      timers.register(key, 1);
    } else known.text = text;
  },
};

/** All values that there are. */
function values({ rows, records, values }: State): Map<string, string> {
  const all = new Map<string, string>();
  rows.forEach((_group, key, value) => void all.set(`row ${key}`, textOf(value)));
  records.forEach((at) => {
    all.set(`record ${records.keyAt(at)}`, textOf(records.bytes.subarray(at, at + records.lengthAt(at))));
  });
  values.forEach((key, { text }) => void all.set(`entry ${key}`, text));
  return all;
}

/** All that there is, and timers, which fire. */
function contents(state: State): Map<string, string> {
  const all = values(state);
  const { timers } = state;
  for (let timer = timers.next(1); timer !== undefined; timer = timers.next(1)) all.set(`timer ${timer.key}`, "");
  return all;
}

const sorted = (map: ReadonlyMap<string, string>) => [...map].sort(([left], [right]) => (left < right ? -1 : 1));

const key = fc.constantFrom(...["liquid", "costarring", "é"], ...Array.from({ length: 50 }, (_, i) => `key-${i}`));
const step = fc.oneof(
  {
    weight: 200,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      to: fc.constantFrom("row", "record", "record", "hashed", "entry"),
      key,
      length: fc.option(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 16_000 })), { freq: 5 }),
    }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constant("tend" as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("barrier" as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom("flush" as const, "trim" as const, "tidy" as const, "read" as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const) }) },
);

describe("a checkpoint that is written while all goes on", () => {
  let checked: Disposable;
  beforeAll(() => {
    checked = checkArenas();
  });
  afterAll(() => checked[Symbol.dispose]());

  it("has what there was at its barrier, whatever is changed, evicted or compacted meanwhile", async () => {
    let behind = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 1_000, size: "max" }), async (steps) => {
        const disk = new MemoryDisk();
        let state = open(disk, "p0");
        let model = new Map<string, string>();
        let changes = 0;
        let taken: { readonly part: StorePart; readonly model: Map<string, string> } | undefined;
        let begun: { readonly part: Promise<StorePart>; readonly model: Map<string, string> } | undefined;
        const write = (to: string, key: string, length: number | null) => {
          const text = length === null ? undefined : `${++changes} `.repeat(length).slice(0, length);
          const name = to === "hashed" ? "record" : to;
          writers[to]!(state, key, text);
          if (to === "hashed" && (text === undefined || !model.has(`record ${key}`))) return;
          if (text === undefined) model.delete(`${name} ${key}`);
          else model.set(`${name} ${key}`, text);
          if (to !== "entry") return;
          if (text === undefined) model.delete(`timer ${key}`);
          else model.set(`timer ${key}`, "");
        };
        const tend = async () => {
          const isMore = state.store.tend();
          if (isMore) behind++;
          if (isMore || begun === undefined) return;
          taken = { part: JSON.parse(JSON.stringify(await begun.part)), model: begun.model };
          begun = undefined;
          const restored = open(disk, `r${++changes}`, [taken.part]);
          expect(sorted(contents(restored))).toEqual(sorted(taken.model));
          restored.store.close();
        };
        for (const [index, each] of steps.entries()) {
          if (each.do === "write") write(each.to, each.key, each.length);
          else if (each.do === "trim") state.entries.trim();
          else if (each.do === "flush") {
            state.entries.flush();
            state.records.flush();
          } else if (each.do === "read") {
            const expected = sorted(model).filter(([name]) => !name.startsWith("timer "));
            expect(sorted(values(state))).toEqual(expected);
          } else if (each.do === "tidy") {
            state.store.finish();
            state.store.tidy();
          } else if (each.do === "tend") await tend();
          else if (each.do === "barrier" && begun === undefined) {
            begun = { part: state.store.checkpointBehind(), model: new Map(model) };
          } else if (each.do === "crash") {
            state.store.close();
            begun = undefined;
            state = open(disk, `p${index + 1}`, taken && [taken.part]);
            model = new Map(taken?.model);
          }
        }
        begun ??= { part: state.store.checkpointBehind(), model: new Map(model) };
        while (begun !== undefined) await tend();
        expect(sorted(contents(state))).toEqual(sorted(model));
      }),
      { numRuns: 60 },
    );
    expect(behind).toBeGreaterThan(50);
  }, 60_000);

  it("is of files of the usual size, however much was held", async () => {
    const disk = new MemoryDisk();
    const state = open(disk, "p");
    for (let i = 0; i < 300; i++) writers.record!(state, `key-${i}`, `${i} `.repeat(300).slice(0, 1_000));
    const expected = contents(state);
    for (let i = 0; i < 300; i++) writers.record!(state, `key-${i}`, `${i} `.repeat(300).slice(0, 1_000));
    const part = state.store.checkpointBehind();
    for (let i = 0; i < 300; i += 3) writers.record!(state, `key-${i}`, "changed since");
    while (state.store.tend());
    const { segments } = await part;
    expect(Math.max(...segments.map(({ bytes }) => bytes))).toBeLessThan(SEGMENT_BYTES + 2 * 16_384);
    const restored = open(disk, "r", [JSON.parse(JSON.stringify(await part))]);
    expect(sorted(contents(restored))).toEqual(sorted(expected));
  });

  it("is of no more files than another where little changed", async () => {
    const state = open(new MemoryDisk(), "p");
    const parts: StorePart[] = [];
    for (let i = 0; i < 20; i++) {
      writers.record!(state, "key", "text");
      parts.push(await state.store.checkpointBehind());
    }
    expect(parts.at(-1)!.segments).toHaveLength(1);
  });
});
