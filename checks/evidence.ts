import { digestOf } from "../base/hash.ts";
import { displayKey } from "../base/key.ts";
import { exponentOf, formatDecimal, unpackCurrency } from "../base/money.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import { type Field, type MoneyValue, NO_CURRENCY } from "../dataflow/model.ts";
import type { Ledger } from "./ledger.ts";
import { byLegAndRow, digestLine, MOST_SHOWN } from "./ordered-entries.ts";
import type { Contribution, LegTotal } from "./records.ts";
import type { Entry } from "./row-set.ts";
import { type CheckInput, type CheckRule, scaleOf } from "./rule.ts";

/** Stands for rows that are no longer kept. */
const CLOSED = { table: 0, row: "closed", major: 0, minor: 0, sub: 0, time: 0, seed: 0, fields: [] } as const;

/** Writes down what a verdict rests on. */
export class Evidence {
  readonly #rule: CheckRule;
  readonly #inputs: readonly CheckInput[];
  /** By input. */
  readonly #fields: readonly (readonly (readonly [string, Field])[])[];

  constructor(rule: CheckRule, inputs: readonly CheckInput[]) {
    this.#rule = rule;
    this.#inputs = inputs;
    this.#fields = inputs.map(({ model }) => Object.entries(model.fields));
  }

  /** Signed total of each leg in a currency, at the comparison scale. */
  totals(ledger: Ledger, currency: number): bigint[] {
    const totals = ledger.totals.find((known) => known.currency === currency);
    return this.#rule.legs.map((_, leg) => totals?.legs[leg] ?? 0n);
  }

  /** The totals as records show them. */
  legTotals(ledger: Ledger, currency: number, scale: number): LegTotal[] {
    return this.totals(ledger, currency).map((total, index) => {
      const { name, side } = this.#rule.legs[index]!;
      return { leg: name, side, total: formatDecimal(total, scale) };
    });
  }

  /** The rows behind a verdict, in an order that does not depend on how they came, with a digest over all. */
  contributions(ledger: Ledger): { contributions: Contribution[]; omitted: number; digest: string } {
    const { orderedEntries: ordered } = ledger;
    if (ordered !== undefined) {
      const contributions = ordered.shown.map((entry) => this.#contribution(entry));
      return { contributions, omitted: ordered.size - contributions.length, digest: ordered.digest };
    }
    const entries = [...ledger.entries, ...this.#closedEntries(ledger)].sort(byLegAndRow);
    let listed = "";
    for (const entry of entries) listed += digestLine(entry);
    return {
      contributions: entries.slice(0, MOST_SHOWN).map((entry) => this.#contribution(entry)),
      omitted: Math.max(0, entries.length - MOST_SHOWN),
      digest: digestOf(listed),
    };
  }

  /** What is left of the rows of a closed key: one total per leg and currency. */
  #closedEntries(ledger: Ledger): Entry[] {
    if (ledger.memory !== "closed") return [];
    return ledger.totals.flatMap(({ currency, legs }) =>
      this.#rule.legs.flatMap((rule, leg) => {
        const since = ledger.entries.filter((entry) => entry.leg === leg && entry.currency === currency);
        const minor = since.reduce((left, entry) => left - entry.minor, legs[leg] ?? 0n);
        const from = { ...CLOSED, id: `closed/${leg}/${currency}`, input: rule.input };
        const { side } = rule;
        return minor === 0n ? [] : [{ leg, side, captures: false, currency, minor, dueAt: ledger.closedAt, from }];
      }),
    );
  }

  #contribution(entry: Entry): Contribution {
    const { from } = entry;
    const { model } = this.#inputs[from.input]!;
    const { source, table } = model.from[from.table]!;
    const currency = unpackCurrency(entry.currency);
    const fields: Record<string, string> = {};
    for (const [index, [name, field]] of this.#fields[from.input]!.entries()) {
      const text = fieldText(field, from.fields[index]);
      if (text !== null) fields[name] = text;
    }
    const rule = this.#rule.legs[entry.leg]!;
    return {
      leg: rule.name,
      source,
      table,
      row: from.row,
      position: `${from.major}/${from.minor}/${from.sub}`,
      time: from.seed === null ? from.time : null,
      dueAt: entry.dueAt === BEFORE_ALL_TIME ? (from.seed ?? from.time) : entry.dueAt,
      amount:
        rule.field === null ? "" : `${formatDecimal(entry.minor, scaleOf(this.#rule, currency).scale)} ${currency}`,
      fields,
    };
  }
}

/** A field's value for people; null where the row has none. */
export function fieldText(field: Field, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  switch (field.kind) {
    case "id":
      return displayKey(value as string);
    case "instant":
      return new Date(value as number).toISOString();
    case "money": {
      const { minor, currency } = value as MoneyValue;
      const amount = formatDecimal(minor, field.money?.scale ?? exponentOf(currency) ?? 0);
      return currency === NO_CURRENCY ? amount : `${amount} ${currency}`;
    }
    default:
      return String(value);
  }
}
