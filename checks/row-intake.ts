import type { Batch } from "../base/batch.ts";
import type { Column, Int32Column, Int64Column } from "../base/columns.ts";
import { unpackCurrency } from "../base/money.ts";
import { ADD, AS_IT_WAS, type ChangeColumns, changeColumns, currencyColumn } from "../dataflow/change-layout.ts";
import type { Model } from "../dataflow/model.ts";
import { Converter } from "./conversion.ts";
import type { Entry, RowEvidence } from "./row-set.ts";
import { type CheckInput, type CheckRule, type CurrencyScale, isCapture, NO_MONEY, scaleOf } from "./rule.ts";

/** Reads rows of a check's inputs: what a ledger takes of them, and what evidence shows. */
export class RowIntake {
  readonly #rule: CheckRule;
  readonly #inputs: readonly CheckInput[];
  readonly #scales = new Map<number, CurrencyScale>();

  constructor(rule: CheckRule, inputs: readonly CheckInput[]) {
    this.#rule = rule;
    this.#inputs = inputs;
  }

  /** The rows of a batch; valid as long as the batch is. */
  read(input: number, batch: Batch): InputRows {
    const { model } = this.#inputs[input]!;
    return new InputRows(input, model, batch, this.#legsOf(input, model, batch), (code) => this.scaleOf(code));
  }

  /** The scale that amounts of a currency are compared at. */
  scaleOf(currency: number): CurrencyScale {
    const known = this.#scales.get(currency);
    if (known !== undefined) return known;
    const scale = scaleOf(this.#rule, unpackCurrency(currency));
    this.#scales.set(currency, scale);
    return scale;
  }

  #legsOf(input: number, model: Model, batch: Batch): LegColumns[] {
    return this.#rule.legs.flatMap((rule, leg): LegColumns[] => {
      if (rule.input !== input) return [];
      if (rule.field === null) return [{ leg, rule, amount: null, currency: null, converter: undefined }];
      const amount = batch.column(rule.field) as Int64Column;
      const currency = batch.column(currencyColumn(rule.field)) as Int32Column;
      const converter = rule.conversion && new Converter(rule.conversion, rule, model, batch);
      return [{ leg, rule, amount, currency, converter }];
    });
  }
}

/** Rows of one input of a check. */
export class InputRows {
  readonly count: number;
  readonly #input: number;
  readonly #change: ChangeColumns;
  readonly #business: Column | null;
  readonly #legs: readonly LegColumns[];
  readonly #fields: readonly FieldReader[];
  readonly #scaleOf: (currency: number) => CurrencyScale;

  constructor(
    input: number,
    model: Model,
    batch: Batch,
    legs: readonly LegColumns[],
    scaleOf: (currency: number) => CurrencyScale,
  ) {
    this.count = batch.count;
    this.#input = input;
    this.#change = changeColumns(batch);
    this.#business = model.businessTime === undefined ? null : batch.column(model.businessTime);
    this.#legs = legs;
    this.#fields = Object.keys(model.fields).map((name) => fieldReader(batch, model, name));
    this.#scaleOf = scaleOf;
  }

  isAdd(row: number): boolean {
    return this.#change.kind.values[row] === ADD;
  }

  /** True for an add that says of its row what is known of it, if anything is. */
  isAsItWas(row: number): boolean {
    return this.#change.absent.values[row] === AS_IT_WAS;
  }

  /** What the row says, for evidence; a retract needs no fields. */
  evidence(row: number): RowEvidence {
    const change = this.#change;
    const table = change.table.values[row]!;
    const text = change.row.text(row);
    return {
      id: `${this.#input}/${table}/${text}`,
      input: this.#input,
      table,
      row: text,
      major: change.major.values[row]!,
      minor: change.minor.values[row]!,
      sub: change.sub.values[row]!,
      time: change.time.values[row]!,
      seed: change.seed.nulls[row] === 1 ? null : change.seed.values[row]!,
      fields: this.isAdd(row) ? this.#fields.map((read) => read(row)) : [],
    };
  }

  /** The row's part in each leg that its input feeds. */
  entries(from: RowEvidence, row: number): Entry[] {
    const entries: Entry[] = [];
    for (const leg of this.#legs) {
      const entry = this.#entry(leg, from, row);
      if (entry !== null) entries.push(entry);
    }
    return entries;
  }

  /** None where the row should have an amount, which is null. */
  #entry(leg: LegColumns, from: RowEvidence, row: number): Entry | null {
    const { rule } = leg;
    const amount = leg.amount?.nulls[row] === 1 ? null : leg.amount;
    if (amount === null && leg.amount !== null && !rule.takesWithoutAmount) return null;
    const own = amount === null ? NO_MONEY : leg.currency!.values[row]!;
    const currency = leg.converter === undefined ? own : leg.converter.currencyOf(row, own);
    const minor = amount === null ? 0n : this.#minorOf(leg, row, amount.big[row]!, own, currency);
    const businessTime = (this.#business?.get(row) as number | null | undefined) ?? from.seed ?? from.time;
    return {
      leg: leg.leg,
      side: rule.side,
      captures: isCapture(rule),
      currency,
      minor: rule.sign === 1 ? minor : -minor,
      dueAt: rule.deadline.dueAt(businessTime, from),
      from,
    };
  }

  /** An amount at the comparison scale of the currency that it counts in. */
  #minorOf({ leg, converter }: LegColumns, row: number, amount: bigint, own: number, currency: number): bigint {
    const { scale, factors } = this.#scaleOf(currency);
    if (converter === undefined || own === currency) return amount * factors[leg]!;
    return converter.convert(row, amount, own, currency, scale);
  }
}

interface LegColumns {
  /** Number of the leg. */
  readonly leg: number;
  readonly rule: CheckRule["legs"][number];
  /** Both null for rows that take part without money. */
  readonly amount: Int64Column | null;
  readonly currency: Int32Column | null;
  /** For legs whose rows count in other currencies. */
  readonly converter: Converter | undefined;
}

type FieldReader = (row: number) => unknown;

/** Reads a field for the evidence; money with its currency. */
function fieldReader(batch: Batch, model: Model, name: string): FieldReader {
  const column = batch.column(name);
  if (model.fields[name]!.kind !== "money") return (row) => column.get(row);
  const currency = batch.column(currencyColumn(name)) as Int32Column;
  let packed = 0;
  let code = "";
  return (row) => {
    const minor = column.get(row);
    if (minor === null) return null;
    // Most rows of a batch are of few currencies, one of them for long.
    if (currency.values[row] !== packed || code === "") code = unpackCurrency(currency.values[row]!);
    packed = currency.values[row]!;
    return { minor, currency: code };
  };
}
