import { readFileSync } from "node:fs";
import { join } from "node:path";

const SAMPLES = join(import.meta.dirname, "../fixtures/cdc-samples");
const FILES = { maria: "mariadb.decoded.jsonl", pg: "postgres.decoded.jsonl" } as const;

/** What is to be said of a key when everything is due. Amounts are in ten-thousandths. */
export interface Expected {
  readonly check: string;
  readonly key: string;
  readonly currency: string;
  readonly status: string;
  readonly class: string | null;
  readonly atRisk: bigint;
}

type Row = Readonly<Record<string, unknown>>;
type Sums = Map<string, Map<string, bigint>>;

/** Event time of the newest captured change, in ms. */
export function lastEventMs(): number {
  const times = [...decoded("maria"), ...decoded("pg")].map((message) => Number(message.value?.source.ts_ms ?? 0));
  return Math.max(...times);
}

/**
 * The final verdicts of the job over the captured messages, once nothing is suspended: a plain fold of what was decoded
 * by another decoder. Lines whose fee is text are left out, as the breaking change leaves them out.
 */
export function expectedVerdicts(): Expected[] {
  const payments = { maria: captures("maria"), pg: captures("pg") };
  return [
    ...judgeAll("payments", payments.maria, payments.pg),
    ...judgeAll("refunds", refunds("maria"), refunds("pg")),
    ...judgeAll("settlement-maria", payments.maria, lines("maria")),
    ...judgeAll("settlement-pg", payments.pg, lines("pg")),
  ];
}

function captures(source: keyof typeof FILES): Sums {
  const sums: Sums = new Map();
  for (const row of liveRows(source, "payments")) {
    if (row.status === "captured") add(sums, row.id, row.currency as string, unscaled(row.amount) * 100n);
  }
  return sums;
}

function refunds(source: keyof typeof FILES): Sums {
  const sums: Sums = new Map();
  for (const row of liveRows(source, "refunds")) add(sums, row.payment_id, "EUR", unscaled(row.amount) * 100n);
  return sums;
}

function lines(source: keyof typeof FILES): Sums {
  const sums: Sums = new Map();
  for (const row of liveRows(source, "settlements")) {
    if (typeof row.fee === "string") continue;
    add(sums, row.payment_id, "EUR", unscaled(row.net_amount) + BigInt(Math.round(((row.fee as number) ?? 0) * 1e4)));
  }
  return sums;
}

/** The last image of every row that is there at the end. */
function liveRows(source: keyof typeof FILES, table: string): Row[] {
  const rows = new Map<string, Row>();
  for (const { topic, key, value } of decoded(source)) {
    if (!topic.endsWith(`.${table}`) || key === null || value === null) continue;
    if (value.after === null) rows.delete(JSON.stringify(key));
    else rows.set(JSON.stringify(key), value.after);
  }
  return [...rows.values()];
}

function judgeAll(check: string, expected: Sums, actual: Sums): Expected[] {
  return [...new Set([...expected.keys(), ...actual.keys()])].flatMap((key) =>
    judgeKey(expected.get(key) ?? new Map(), actual.get(key) ?? new Map()).map((judged) => ({ check, key, ...judged })),
  );
}

/** A1 when every deadline is over: one cause, the first that fits. */
function judgeKey(expected: ReadonlyMap<string, bigint>, actual: ReadonlyMap<string, bigint>) {
  const currencies = [...new Set([...expected.keys(), ...actual.keys()])];
  const [captured] = expected.keys();
  const elsewhere = expected.size === 1 && actual.size > 0 && !actual.has(captured!);
  return currencies.map((currency) => {
    const want = expected.get(currency) ?? 0n;
    const got = actual.get(currency) ?? 0n;
    const said = (cause: string | null, atRisk = 0n) => {
      return { currency, status: cause === null ? "pass" : "fail", class: cause, atRisk };
    };
    if (expected.size === 0) return said("unknown-payment", got);
    if (elsewhere)
      return currency === captured ? said("currency-mismatch", want) : { ...said(null), status: "pending" };
    if (!actual.has(currency)) return said("missing", want);
    if (got < want) return said("under-charge", want - got);
    return got > want ? said("over-charge", got - want) : said(null);
  });
}

function add(sums: Sums, id: unknown, currency: string, amount: bigint): void {
  const key = String(id);
  const ofKey = sums.get(key) ?? new Map<string, bigint>();
  ofKey.set(currency, (ofKey.get(currency) ?? 0n) + amount);
  sums.set(key, ofKey);
}

/** `0x` and two's complement, as the fixtures show decimals. */
function unscaled(hex: unknown): bigint {
  const digits = (hex as string).slice(2);
  return BigInt.asIntN(digits.length * 4, BigInt(`0x${digits}`));
}

interface Decoded {
  readonly topic: string;
  readonly key: Row | null;
  readonly value: { readonly after: Row | null; readonly source: Row } | null;
}

function decoded(source: keyof typeof FILES): Decoded[] {
  const text = readFileSync(join(SAMPLES, FILES[source]), "utf8").trimEnd();
  return text.split("\n").map((line) => JSON.parse(line));
}
