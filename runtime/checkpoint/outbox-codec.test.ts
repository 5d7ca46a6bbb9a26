import { readFileSync } from "node:fs";
import { serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../base/bytes.ts";
import { MemoryDisk } from "../../base/memory-disk.ts";
import { ContractCodec } from "../../schemas/contracts/codec.ts";
import {
  type AlertRecord,
  decodeVerdict,
  encodeAlert,
  encodeVerdict,
  type VerdictRecord,
} from "../../schemas/contracts.ts";
import type { Emission, OutboxRecord } from "../outbox.ts";
import { CheckpointStore } from "./checkpoint-store.ts";
import { decodeOutbox, encodeOutbox } from "./outbox-codec.ts";

const verdict: VerdictRecord = {
  id: "v", check: "c", key: "'é", currency: "EUR", period: "", version: 1, status: "fail", class: "missing", time: 7,
  baseline: false, atRisk: "1.00", lower: "0.00", upper: "1.00", actual: "2.00",
  legs: [{ leg: "paid", side: "expect", total: "1.00" }], reason: null, note: null,
  rule: { expression: "a = b", version: 1, hash: "h" }, contributions: [], omitted: 0, digest: "d",
}; // biome-ignore format: one look is enough
const alert: AlertRecord = {
  id: "a", action: "opened", check: "c", key: "'é", class: "missing", currency: "EUR", period: "", atRisk: "1.00",
  verdictVersion: 1, time: 7, dueAt: null, lateByMs: null, repeats: 0, note: null,
}; // biome-ignore format: one look is enough

const emit = (output: string, record: unknown): Emission => ({ kind: "emit", output, record });
const stale = { id: "SOURCE_STALE/shop", code: "SOURCE_STALE", source: "shop", message: "" };
const outbox = (): OutboxRecord[] => [
  emit("totals", { sum: 5n, at: Number.NEGATIVE_INFINITY }),
  emit("verdicts", verdict),
  { kind: "engine-alert", alert: stale },
  emit("alerts", { ...alert, fields: ["amount"] }),
  emit("counts", { check: "c", minute: -60_000, pass: 5, pending: 0 }),
  emit("toString", "a sink of any name"),
  emit("verdicts", { ...verdict, key: "2" }),
  emit("alerts", alert),
];

describe("an outbox in a checkpoint", () => {
  it("comes back with all that it held: results first, those of contracts with their bytes", () => {
    const [total, first, trouble, told, count, other, second, plain] = outbox() as Emission[];
    const read = decodeOutbox(encodeOutbox(outbox(), 3));
    expect(read.map((each) => ({ ...each, encoded: undefined }))).toEqual([
      ...[first, told, count, second, plain],
      ...[total, trouble, other],
    ]);
    const bytes = read.flatMap((each) => (each.kind === "emit" && each.encoded ? [Buffer.from(each.encoded)] : []));
    expect(bytes).toEqual([
      Buffer.from(encodeVerdict({ ...verdict, epoch: 3 })),
      Buffer.from(encodeAlert({ ...alert, epoch: 3 })),
      Buffer.from(encodeVerdict({ ...verdict, key: "2", epoch: 3 })),
      Buffer.from(encodeAlert({ ...alert, epoch: 3 })),
    ]);
  });

  it("gives what has a contract its bytes when it is written, and nothing else", () => {
    const records = outbox();
    encodeOutbox(records, 3);
    const encoded = records.map((each) => each.kind === "emit" && each.encoded !== undefined);
    expect(encoded).toEqual([false, true, false, true, false, false, true, true]);
    expect(decodeVerdict((records[1] as Emission).encoded!)).toEqual({ ...verdict, epoch: 3 });
  });

  it("may be empty", () => {
    expect(decodeOutbox(encodeOutbox([], 1))).toEqual([]);
  });

  it("grows with what is emitted", () => {
    const many = Array.from({ length: 2_000 }, (_, n) => emit("verdicts", { ...verdict, key: String(n) }));
    const read = decodeOutbox(encodeOutbox(many, 1)) as Emission[];
    expect(read.map(({ record }) => (record as VerdictRecord).key)).toEqual(many.map((_, n) => String(n)));
    for (const [n, { encoded }] of many.entries()) expect(decodeVerdict(encoded!).key).toBe(String(n));
  });

  it("has its verdicts encoded anew where an earlier version of their contract wrote them", () => {
    const earlier = JSON.parse(
      readFileSync(new URL("../../schemas/contracts/earlier/verdict-2.avsc", import.meta.url), "utf8"),
    );
    const old = new ContractCodec<object>(earlier).encode({ ...verdict, epoch: 3 });
    const out = new ByteWriter();
    out.byte(1);
    out.uint32(old.length);
    out.raw(old, 0, old.length);
    out.text("{}");
    out.byte(0);
    out.block(serialize([]));
    const [read] = decodeOutbox(out.bytes()) as Emission[];
    expect(read).toEqual(emit("verdicts", verdict));
  });
});

describe("the outbox of a checkpoint of the first format", () => {
  it("is read still", async () => {
    const disk = new MemoryDisk();
    const store = new CheckpointStore(disk, "state");
    const head = {
      job: "j",
      epoch: 1,
      attempt: 1,
      checkpoint: 1,
      takenAt: 0,
      parallelism: 1,
      before: null,
      observed: null,
    };
    const none = { stores: [], kept: [], operators: [], rows: [], splits: [], sources: [] };
    const written = await store.write({ ...head, ...none }, outbox(), () => undefined);
    const bytes = serialize(outbox());
    const file = disk.open(`state/${written.outbox.file}`, "create");
    file.write(bytes, 0);
    file.close();
    const former = {
      ...written,
      format: 1,
      outbox: { ...written.outbox, bytes: bytes.length, crc: crc32(bytes) },
    } as const;
    expect(store.readOutbox(former)).toEqual(outbox());
  });
});
