import { describe, expect, it } from "vitest";
import { isError } from "../../base/errors.ts";
import { seededRandom } from "../../base/random.ts";
import {
  bucketOf,
  endOf,
  evidenceKey,
  evidencePrefix,
  MAX_ROW_KEY,
  parseEvidenceKey,
  parseTimeKey,
  type TimedIdentity,
  timeKey,
  timePlace,
} from "./row-key.ts";

const TEXTS = [
  "",
  "4",
  "42",
  "421",
  "'a",
  "'a/b,c*",
  "'%2f",
  "\u0000",
  "\u0001",
  "\u0002",
  "\u0003",
  "4\u0000",
  "é",
  "～",
  "🧾",
];
const TIMES = [Number.MIN_SAFE_INTEGER, -1, 0, 1, 1_790_000_000_000, Number.MAX_SAFE_INTEGER];

describe("row keys", () => {
  it.each([1, 2, 3])("say what they were made of (seed %i)", (seed) => {
    for (const identity of identities(seed)) {
      const { time, ...evidence } = identity;
      expect(parseEvidenceKey(evidenceKey(identity)), `seed ${seed}`).toEqual(evidence);
      expect(parseTimeKey(timeKey(bucketOf(identity.key), timePlace(identity))), `seed ${seed}`).toEqual(identity);
    }
  });

  it.each([4, 5, 6])("have the order of their parts (seed %i)", (seed) => {
    const all = identities(seed);
    const keyOf = { key: "'one" };
    const byEvidence = [...all].sort((a, b) =>
      bytewise(evidenceKey({ ...a, ...keyOf }), evidenceKey({ ...b, ...keyOf })),
    );
    const byParts = [...all].sort((a, b) => comparison(a, b, ["check", "currency", "period", "version"]));
    expect(byEvidence.map(evidenceParts), `seed ${seed}`).toEqual(byParts.map(evidenceParts));
    const byPlace = [...all].sort((a, b) => bytewise(timePlace(a), timePlace(b)));
    const byTime = [...all].sort((a, b) => comparison(a, b, ["time", "key", "check", "currency", "period", "version"]));
    expect(byPlace, `seed ${seed}`).toEqual(byTime);
  });

  it("lie between a key's prefix and its end, and those of other keys do not", () => {
    for (const key of TEXTS) {
      const prefix = evidencePrefix(key);
      for (const other of TEXTS) {
        const row = evidenceKey({ key: other, check: "c", currency: "EUR", period: "", version: 1 });
        const inside = bytewise(prefix, row) < 0 && bytewise(row, endOf(prefix)) < 0;
        expect(inside, JSON.stringify([key, other])).toBe(key === other);
      }
    }
  });

  it("are narrowed by parts that follow each other", () => {
    expect(evidencePrefix("42", { currency: "EUR" })).toBe(evidencePrefix("42"));
    expect(evidencePrefix("42", { check: "c", period: "p" })).toBe(evidencePrefix("42", { check: "c" }));
    expect(evidencePrefix("42", { check: "c", currency: "" })).toBe(`${evidencePrefix("42", { check: "c" })}\u0001`);
  });

  it("spread keys that follow each other", () => {
    const salts = new Set(Array.from({ length: 200 }, (_, i) => evidencePrefix(String(800_000 + i))[0]));
    expect(salts.size).toBe(16);
  });

  it("have a greatest length", () => {
    const identity = { check: "c", currency: "EUR", period: "", version: 1 };
    expect(evidenceKey({ ...identity, key: "🧾".repeat(2_000) })).toBeDefined();
    expect(() => evidenceKey({ ...identity, key: "x".repeat(MAX_ROW_KEY) })).toThrow(
      expect.toSatisfy((error) => isError(error, "SNAPSHOTS_ROW_KEY_TOO_LONG")),
    );
  });
});

function identities(seed: number): TimedIdentity[] {
  const random = seededRandom(seed);
  return Array.from({ length: 200 }, () => ({
    time: random.pick(TIMES),
    key: random.pick(TEXTS),
    check: random.pick(TEXTS),
    currency: random.pick(TEXTS),
    period: random.pick(TEXTS),
    version: random.pick([1, 2, 10, 16, Number.MAX_SAFE_INTEGER]),
  }));
}

function comparison(a: TimedIdentity, b: TimedIdentity, parts: readonly (keyof TimedIdentity)[]): number {
  for (const part of parts) {
    const [one, other] = [a[part], b[part]];
    const order = typeof one === "number" ? one - (other as number) : bytewise(one, other as string);
    if (order !== 0) return order;
  }
  return 0;
}

function evidenceParts({ check, currency, period, version }: TimedIdentity) {
  return { check, currency, period, version };
}

function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
