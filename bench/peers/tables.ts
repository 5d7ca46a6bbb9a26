import type { Random } from "../../base/random.ts";
import type { TableSpec } from "../../shop/captured-table.ts";
import { int, nullable, text } from "../../shop/column-types.ts";
import { type LineRow, linesTable, type PaymentRow, paymentsTable } from "../../shop/tables.ts";

/** What a payment has besides, which no check reads: with it a record has the size that is usual. */
interface PaymentDetails {
  method: string;
  customer_id: string;
  description: string;
  statement_text: string;
  provider_reference: string;
}

/** What a line has besides, which no check reads. */
interface LineDetails {
  scheme: string;
  issuer_country: string;
  acquirer_reference: string;
  merchant_reference: string;
  description: string;
  interchange_category: number | null;
}

export type DetailedPaymentRow = PaymentRow & PaymentDetails;
export type DetailedLineRow = LineRow & LineDetails;

/** The shop's payments and settlement lines, with columns that no check reads: values of 300 to 400 bytes. */
export const detailedPayments: TableSpec = {
  ...paymentsTable,
  columns: [
    ...paymentsTable.columns,
    ...["method", "customer_id", "description", "statement_text", "provider_reference"].map(text),
  ],
};

export const detailedLines: TableSpec = {
  ...linesTable,
  columns: [
    ...linesTable.columns,
    ...["scheme", "issuer_country", "acquirer_reference", "merchant_reference", "description"].map(text),
    nullable(int("interchange_category")),
  ],
};

/** The tables of the workload. */
export const workloadTables: readonly TableSpec[] = [detailedPayments, detailedLines];

/** A payment with details as they may be. */
export function detailedPayment(row: PaymentRow, random: Random): DetailedPaymentRow {
  const articles = 1 + random.below(9);
  return {
    ...row,
    method: random.pick(METHODS),
    customer_id: uuid(random),
    description: `Order ${1_000_000 + random.below(9_000_000)}, ${articles} articles, ${random.pick(DELIVERIES)}`,
    statement_text: `SHOP*${random.pick(CITIES)} ${100 + random.below(900)}`,
    provider_reference: `pi_${hex(random)}${hex(random)}`,
  };
}

/** A line with details as they may be. */
export function detailedLine(row: LineRow, random: Random): DetailedLineRow {
  return {
    ...row,
    scheme: random.pick(SCHEMES),
    issuer_country: random.pick(COUNTRIES),
    acquirer_reference: `7${1e10 + random.below(9e9)}${1e10 + random.below(9e9)}`,
    merchant_reference: uuid(random),
    description: `Settlement of ${random.pick(CITIES)} ${100 + random.below(900)}, ${random.pick(DELIVERIES)}`,
    interchange_category: random.chance(0.5) ? random.below(200) : null,
  };
}

const METHODS = ["card", "card", "card", "wallet", "bank_transfer"];
const DELIVERIES = ["home delivery", "parcel shop", "pick-up in store"];
const CITIES = ["AMSTERDAM", "PARIS", "BERLIN", "MADRID", "LISBON"];
const SCHEMES = ["visa", "mastercard", "amex"];
const COUNTRIES = ["NL", "FR", "DE", "ES", "PT", "GB", "US"];

function uuid(random: Random): string {
  const [a, b, c, d] = [hex(random), hex(random), hex(random), hex(random)];
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
}

function hex(random: Random): string {
  return Math.floor(random.next() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}
