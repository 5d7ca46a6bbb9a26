import { days, minutes, seconds } from "../../base/time.ts";
import type { Envelope, Row } from "../../shop/decoded-log.test-helper.ts";
import { START_MS } from "../../shop/terms.ts";
import { more, putAgain, putLater, removeAll } from "./change.ts";
import type { Chosen, Mutation } from "./mutation.ts";
import type { Recorded, Recording } from "./recording.ts";

/** What can go wrong with the writes of a transaction, its account of itself, and its end, in the books of either database. */
export const manualChangeMutations: readonly Mutation[] = [
  ...accounted("credit-limit-changes", { rows: "credit_limits", context: "limits_context" }),
  ...accounted("ledger-changes", { rows: "ledger_entries", context: "ledger_context" }),
  ...kept("credit-limit-changes.rows", { rows: "credit_limits", context: "limits_context" }),
  ...kept("ledger-changes.rows", { rows: "ledger_entries", context: "ledger_context" }),
];

/** Whether writes were authorised: it rests on the context row, and on the END having counted what is there. */
function accounted(check: string, book: Book): Mutation[] {
  const on = mutationsOf(check, book);
  return [
    on("dropped", "the context", "unauthorised", (r, { context }) => taken(r, [context])),
    on("dropped", "what the context says", "unauthorised", (_, { context }) => says(context, () => ({ why: " " }))),
    on("dropped", "the write, which the END counts", "unobservable", (r, { write }) => taken(r, [write])),
    on("dropped", "the END", "unobservable", (r, { end }) => taken(r, [end])),
    on("doubled", "the context", null, (r, { context }) => toldAgain(r, context)),
    on("doubled", "the write, told again", null, (r, { write }) => toldAgain(r, write)),
    // More than the END counts: all that it counts is there, and what is there is accounted for.
    on("doubled", "the write, as another one", null, (r, { write }) => putOnceMore(r, write)),
    on("doubled", "the END", null, (r, { end }) => toldAgain(r, end)),
    // What is accounted for may be anything.
    on("one unit off", "the amount, without its version", null, (_, { write, former }) =>
      says(write, ({ amount }) => ({ amount: more(amount, 1n), version: former.at(-1)!.value!.after!.version })),
    ),
    on("another currency", "of the amount", null, (_, { write }) => says(write, inOther)),
    on("late", "the context, ten minutes behind the END", "unauthorised", (r, { context }) =>
      moved(r, context, minutes(10)),
    ),
    on("late", "the write, a minute behind the END", null, (r, { write }) => moved(r, write, minutes(1))),
    on("late", "the write, ten minutes behind the END", "unobservable", (r, { write }) => moved(r, write, minutes(10))),
    on("late", "the END, by four minutes", null, (r, { end }) => moved(r, end, minutes(4))),
    on("late", "the END, by ten minutes", "unobservable", (r, { end }) => moved(r, end, minutes(10))),
    on("out of order", "the END before what it counts", null, (r, { end }) => moved(r, end, -seconds(6))),
    on("out of order", "the context before the writes", null, (r, { context }) => moved(r, context, -seconds(6))),
    on("of another transaction", "the context", "unauthorised", (_, { context, other }) => named(context, other)),
    // The other one has more than its END counts, and is accounted for.
    on("of another transaction", "the write", "unobservable", (_, { write, other }) => named(write, other)),
  ];
}

/** Whether rows were changed as they may be: it rests on the write, and on what the row was before. */
function kept(check: string, book: Book): Mutation[] {
  const on = mutationsOf(check, book);
  return [
    on("dropped", "the context", null, (r, { context }) => taken(r, [context])),
    on("dropped", "the write, which the END counts", "unobservable", (r, { write }) => taken(r, [write])),
    on("dropped", "the END", "unobservable", (r, { end }) => taken(r, [end])),
    on("dropped", "what was written of the row before", "unattributable", (r, { former }) => taken(r, former)),
    on("doubled", "the write, told again", null, (r, { write }) => toldAgain(r, write)),
    on("doubled", "the write, as another one", null, (r, { write }) => putOnceMore(r, write)),
    on("one unit off", "the amount, without its version", "unguarded-change", (_, { write, former }) =>
      says(write, ({ amount }) => ({ amount: more(amount, 1n), version: former.at(-1)!.value!.after!.version })),
    ),
    // With its version it is a change like any other.
    on("one unit off", "the amount, with its version", null, (_, { write }) =>
      says(write, ({ amount }) => ({ amount: more(amount, 1n) })),
    ),
    on("another currency", "of the amount, without its version", "unguarded-change", (_, { write, former }) =>
      says(write, (row) => ({ ...inOther(row), version: former.at(-1)!.value!.after!.version })),
    ),
    on("another currency", "of the amount, with its version", null, (_, { write }) => says(write, inOther)),
    on("late", "the write, ten minutes behind the END", "unobservable", (r, { write }) => moved(r, write, minutes(10))),
    on("late", "the END, by ten minutes", "unobservable", (r, { end }) => moved(r, end, minutes(10))),
    on("out of order", "the END before what it counts", null, (r, { end }) => moved(r, end, -seconds(6))),
    on("of another transaction", "the write", "unobservable", (_, { write, other }) => named(write, other)),
  ];
}

/** Tables by what is in them. */
interface Book {
  readonly rows: string;
  readonly context: string;
}

/** A transaction of an application: it changed one row, which it had written before, and accounted for that. */
interface Transaction {
  readonly name: string;
  readonly write: Recorded;
  readonly context: Recorded;
  readonly end: Recorded;
  /** What was written of its row before. */
  readonly former: readonly Recorded[];
  /** The block of a transaction that is another one. */
  readonly other: Row;
}

function taken(recording: Recording, gone: readonly Recorded[]): number {
  removeAll(recording, gone);
  return gone.length;
}

/** By a connector that started again. */
function toldAgain(recording: Recording, record: Recorded): number {
  recording.items.splice(recording.items.indexOf(record) + 1, 0, { ...record });
  return 1;
}

function putOnceMore(recording: Recording, record: Recorded): number {
  putAgain(recording, record);
  return 1;
}

function moved(recording: Recording, record: Recorded, byMs: number): number {
  removeAll(recording, [record]);
  putLater(recording, record, byMs);
  return 1;
}

function named(record: Recorded, transaction: Row): number {
  record.value = { ...record.value, transaction } as unknown as Envelope;
  record.isChanged = true;
  return 1;
}

function says(record: Recorded, cells: (row: Row) => Row): number {
  const { after } = record.value!;
  record.value = { ...record.value!, after: { ...after, ...cells(after!) } };
  record.isChanged = true;
  return 1;
}

function inOther({ currency }: Row): Row {
  return { currency: currency === "EUR" ? "USD" : "EUR" };
}

function mutationsOf(check: string, book: Book) {
  return (
    kind: Mutation["kind"],
    what: string,
    gives: string | null,
    apply: (recording: Recording, transaction: Transaction) => number,
  ): Mutation => ({
    check,
    kind,
    what,
    gives,
    apply(recording, chosen) {
      const transaction = nextTransaction(recording, chosen, book);
      return { key: `'${transaction.name}`, changed: apply(recording, transaction) };
    },
  });
}

/** The third of the four transactions that only the application wrote a row in: it changed neither amount nor currency. */
function nextTransaction(recording: Recording, chosen: Chosen, { rows, context }: Book): Transaction {
  const writesOf = (id: unknown) => recording.of(rows).filter(({ key }) => key.id === id);
  const [row] = chosen.next(rows, () => {
    const written = Map.groupBy(recording.of(rows), ({ key }) => key.id);
    const contexts = Map.groupBy(recording.of(context), ({ value }) => nameOf(blockOf(value).id));
    const ends = Map.groupBy(endsOf(recording), (end) => nameOf(textOf(end, "id")));
    return [...written.values()].flatMap((all): Row[][] => {
      const [first] = all;
      const isLive = first!.value.op === "c" && Number(first!.value.source.ts_ms) < START_MS + days(5);
      const names = all.map(({ value }) => nameOf(blockOf(value).id));
      const isPlain = names.every((name) => contexts.get(name)?.length === 1 && ends.get(name)?.length === 1);
      return isLive && all.length === 4 && new Set(names).size === 4 && isPlain ? [[first!.key]] : [];
    });
  });
  const [inserted, dearer, write] = writesOf(row!.id);
  const name = nameOf(blockOf(write!.value).id);
  return {
    name,
    write: write!,
    context: recording.of(context).find(({ value }) => nameOf(blockOf(value).id) === name)!,
    end: endsOf(recording).find((end) => nameOf(textOf(end, "id")) === name)!,
    former: [inserted!, dearer!],
    other: blockOf(dearer!.value),
  };
}

function endsOf(recording: Recording): Recorded[] {
  return recording.items.filter((item): item is Recorded => item !== "flush" && textOf(item, "status") === "END");
}

/** A member of what a connector tells of a transaction. */
function textOf({ table, value }: Recorded, member: string): string | undefined {
  return table === "transaction" ? String((value as unknown as Row)[member]) : undefined;
}

function blockOf(value: Envelope): Row {
  return (value as Envelope & { readonly transaction: Row | null }).transaction ?? {};
}

/** PostgreSQL's transactions have a position of the log behind a colon, MariaDB's have no colon. */
function nameOf(id: unknown): string {
  return String(id).split(":")[0]!;
}
