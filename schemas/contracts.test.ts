import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isError } from "../base/errors.ts";
import { ContractCodec } from "./contracts/codec.ts";
import {
  type AlertRecord,
  contractFingerprint,
  contractFingerprints,
  type DeadLetterRecord,
  type Delivered,
  decodeAlert,
  decodeDeadLetter,
  decodeMarker,
  decodeVerdict,
  encodeAlert,
  encodeDeadLetter,
  encodeMarker,
  encodeVerdict,
  type VerdictRecord,
} from "./contracts.ts";

const folder = new URL("contracts/", import.meta.url);

const verdict: VerdictRecord & Delivered = {
  id: "4f2d",
  check: "payment-settlement",
  key: "'zahlung-ß-支付-🧾",
  currency: "EUR",
  period: "",
  version: 3,
  status: "fail",
  class: "under-charge",
  time: 1_790_000_000_123,
  baseline: false,
  atRisk: "12345678901234567890.12",
  lower: "118.25",
  upper: "118.25",
  actual: "-0.01",
  legs: [
    { leg: "captured", side: "expect", total: "118.25" },
    { leg: "settled", side: "actual", total: "-0.01" },
  ],
  reason: null,
  note: null,
  rule: { expression: "captured = settled + fees", version: 1, hash: "ab12" },
  contributions: [
    {
      leg: "captured",
      source: "shop",
      table: "payments",
      row: "9223372036854775807",
      position: "mysql-bin.000003:1544#0",
      time: 1_790_000_000_000,
      dueAt: 1_790_086_400_000,
      amount: "118.25",
      fields: { note: "naïve “quotes” \u0000 \n", empty: "" },
    },
    {
      leg: "settled",
      source: "bank",
      table: "lines",
      row: "1",
      position: "0/1",
      time: null,
      dueAt: 0,
      amount: "-0.01",
      fields: {},
    },
  ],
  omitted: 0,
  digest: "cd34",
  epoch: 2,
};

const alert: AlertRecord & Delivered = {
  id: "a1",
  action: "resolved",
  check: "payment-settlement",
  key: "42",
  class: "missing",
  currency: "JPY",
  period: "2026-11-01T00:00:00.000Z",
  atRisk: "0",
  verdictVersion: 2,
  time: 1_790_000_000_000,
  dueAt: 1_789_999_000_000,
  lateByMs: 1_000_000,
  repeats: 3,
  note: null,
  epoch: 2,
};

const letter: DeadLetterRecord = {
  id: "shop.payments/0/17",
  source: "shop",
  table: "payments",
  topic: "shop.payments",
  partition: 0,
  offset: Number.MAX_SAFE_INTEGER - 1,
  code: "AVRO_CORRUPT",
  message: "Record cannot be decoded.",
  row: null,
  key: null,
  value: new Uint8Array([0, 255, 128]),
};

describe("the contracts", () => {
  it("give back every verdict, alert and dead letter as it was", () => {
    expect(decodeVerdict(encodeVerdict(verdict))).toEqual(verdict);
    expect(decodeAlert(encodeAlert(alert))).toEqual(alert);
    expect(decodeAlert(encodeAlert({ ...alert, dueAt: null, lateByMs: null }))).toMatchObject({
      dueAt: null,
      lateByMs: null,
    });
    const read = decodeDeadLetter(encodeDeadLetter(letter));
    expect({ ...read, value: new Uint8Array(read.value!) }).toEqual(letter);
  });

  it("give back every marker as it was", () => {
    const marker = { job: "j", epoch: 2, attempt: 3, checkpoint: 2 ** 40, time: 1_790_000_000_000 };
    expect(decodeMarker(encodeMarker(marker))).toEqual(marker);
  });

  it("hold a verdict with a thousand contributions", () => {
    const contributions = Array.from({ length: 1_000 }, (_, i) => ({ ...verdict.contributions[0]!, row: String(i) }));
    expect(decodeVerdict(encodeVerdict({ ...verdict, contributions })).contributions).toEqual(contributions);
  });

  it("encode into bytes of the caller's own", () => {
    const first = encodeVerdict(verdict);
    const copy = new Uint8Array(first);
    encodeVerdict({ ...verdict, key: "something else" });
    expect(first).toEqual(copy);
  });

  it("decode into records that outlive the bytes", () => {
    const bytes = encodeDeadLetter(letter);
    const read = decodeDeadLetter(bytes);
    bytes.fill(0);
    expect([...read.value!]).toEqual([0, 255, 128]);
  });

  it("have the fingerprints that stored records name: a contract is not changed by accident", () => {
    const golden = JSON.parse(readFileSync(new URL("golden/fingerprints.json", folder), "utf8"));
    expect(contractFingerprints).toEqual(golden);
    expect(readdirSync(folder).filter((name) => name.endsWith(".avsc"))).toHaveLength(Object.keys(golden).length);
    expect(contractFingerprint(encodeVerdict(verdict))).toBe(golden.verdict);
  });

  it("fingerprint as the Avro specification's own test data does", () => {
    const empty = new ContractCodec({ type: "record", name: "foo", fields: [] });
    expect(BigInt.asIntN(64, BigInt(`0x${empty.fingerprint}`))).toBe(-4824392279771201922n);
    const one = new ContractCodec({ fields: [{ type: "boolean", name: "f1" }], doc: "x", type: "record", name: "foo" });
    expect(BigInt.asIntN(64, BigInt(`0x${one.fingerprint}`))).toBe(7843277075252814651n);
  });
});

describe("a contract that evolves", () => {
  const text = { name: "text", type: "string" };
  const v1 = { type: "record" as const, name: "Note", fields: [text] };
  const v2 = { ...v1, fields: [text, { name: "author", type: "string", default: "nobody" }] };

  it("reads what the version before wrote, with the new field's default", () => {
    const written = new ContractCodec<{ text: string }>(v1).encode({ text: "héllo" });
    const today = new ContractCodec<{ text: string; author: string }>(v2, [v1]);
    expect(today.decode(written)).toEqual({ text: "héllo", author: "nobody" });
    expect(today.decode(today.encode({ text: "a", author: "b" }))).toEqual({ text: "a", author: "b" });
  });

  it("reads verdicts and alerts from before there were epochs", () => {
    const earlier = (name: string) => JSON.parse(readFileSync(new URL(`earlier/${name}-1.avsc`, folder), "utf8"));
    const oldVerdict = new ContractCodec<VerdictRecord>(earlier("verdict")).encode(verdict);
    const oldAlert = new ContractCodec<AlertRecord>(earlier("alert")).encode(alert);
    expect(decodeVerdict(oldVerdict)).toEqual({ ...verdict, epoch: 0 });
    expect(decodeAlert(oldAlert)).toEqual({ ...alert, epoch: 0 });
    expect([oldVerdict, oldAlert].map(contractFingerprint)).toEqual(["39af94d3a9db7c72", "bea91defd43c76e8"]);
  });

  it("reads yesterday's verdicts after a field is added to the contract", () => {
    const shipped = JSON.parse(readFileSync(new URL("verdict.avsc", folder), "utf8"));
    const added = { ...shipped, fields: [...shipped.fields, { name: "remark", type: "string", default: "" }] };
    expect(new ContractCodec(added, [shipped]).decode(encodeVerdict(verdict))).toEqual({ ...verdict, remark: "" });
  });

  it("refuses what a version wrote that it does not know", () => {
    const written = new ContractCodec(v2).encode({ text: "a", author: "b" });
    expect(() => new ContractCodec(v1).decode(written)).toThrow(/does not know/);
  });
});

describe("bytes that are no record of a contract", () => {
  const codeOf = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      return isError(error) ? error.code : error;
    }
    return "nothing was thrown";
  };

  it("are refused with the reason", () => {
    const bytes = encodeVerdict(verdict);
    expect(codeOf(() => decodeVerdict(new Uint8Array()))).toBe("CONTRACT_CORRUPT");
    expect(codeOf(() => decodeVerdict(new Uint8Array(40)))).toBe("CONTRACT_CORRUPT");
    expect(codeOf(() => decodeVerdict(bytes.subarray(0, bytes.length - 1)))).toBe("CONTRACT_CORRUPT");
    expect(codeOf(() => decodeVerdict(Buffer.concat([bytes, Buffer.from([0])])))).toBe("CONTRACT_CORRUPT");
    expect(codeOf(() => decodeVerdict(encodeAlert(alert)))).toBe("CONTRACT_UNKNOWN");
  });

  it("are refused, not rounded, where a long is past 2^53", () => {
    const bytes = encodeAlert(alert);
    const body = Buffer.from(bytes);
    const long = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    const lateByMsRepeatsNoteAndEpoch = Buffer.from([2, 0x80, 0x89, 0x7a, 6, 0, 4]);
    expect(body.subarray(-7)).toEqual(lateByMsRepeatsNoteAndEpoch);
    expect(
      codeOf(() => decodeAlert(Buffer.concat([body.subarray(0, -6), Buffer.from(long), Buffer.from([6, 0, 4])]))),
    ).toBe("CONTRACT_CORRUPT");
    expect(codeOf(() => encodeDeadLetter({ ...letter, offset: 2 ** 60 }))).toBe("BUG");
  });

  it("are never made from a record that does not fit", () => {
    expect(codeOf(() => encodeVerdict({ ...verdict, version: 1.5 }))).toBe("BUG");
    expect(codeOf(() => encodeAlert({ ...alert, action: "closed" as "opened" }))).toBe("BUG");
  });
});
