import { displayKey } from "../../base/key.ts";
import { days } from "../../base/time.ts";
import { columnOf } from "../../dataflow/model.ts";
import { changedFields, type NamedFields } from "./changed.ts";
import type { Write } from "./transaction.ts";

/** An approved ticket: which rows and columns of a table may be written, when, and how many in one transaction. */
export interface Ticket {
  readonly ticket: string;
  readonly table: string;
  /** Primary keys as people write them, and columns; `*` for all. */
  readonly keys: readonly string[];
  readonly columns: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** What a ticket says of a transaction's writes. */
export interface TicketAnswer {
  readonly ticket: string;
  /** True when it names one of the rows. */
  readonly isConcerned: boolean;
  /** Why it does not approve the writes; none where it does. */
  readonly problems: readonly string[];
  /** What a write changed is not known, and the ticket does not approve all. */
  readonly isUnknown: boolean;
}

/** True for a ticket that was good on the day of a write or a day from it: others approve nothing, and concern nobody. */
export function isNear({ from, to }: Ticket, writes: readonly Write[]): boolean {
  return writes.some(({ time }) => time >= from - days(1) && time <= to + days(1));
}

/** Asks a ticket whether it approves all writes of a transaction to its table. */
export function answerOf(ticket: Ticket, writes: readonly Write[], fields: NamedFields): TicketAnswer {
  const names = new Set(ticket.keys);
  const strange = writes.filter(({ row }) => !names.has("*") && !names.has(displayKey(row)));
  const problems: string[] = [];
  const late = writes.find(({ time }) => time < ticket.from || time > ticket.to);
  if (late !== undefined) {
    const [from, to] = [ticket.from, ticket.to].map((time) => new Date(time).toISOString());
    problems.push(`it was valid from ${from} to ${to}`);
  }
  if (strange.length > 0) problems.push(`it does not name ${displayKey(strange[0]!.row)}`);
  if (writes.length > ticket.rows) problems.push(`it approves ${ticket.rows} writes, and there are ${writes.length}`);
  const isUnknown = !ticket.columns.includes("*") && writes.some(isUnattributable);
  const others = isUnknown ? [] : strangeColumns(ticket, writes, fields);
  if (others.length > 0) problems.push(`it does not name ${others.join(", ")}`);
  return { ticket: ticket.ticket, isConcerned: strange.length < writes.length, problems, isUnknown };
}

/** True for an update of a row that is not known from before. */
export function isUnattributable({ operation, isBeforeKnown }: Write): boolean {
  return operation === "update" && !isBeforeKnown;
}

function strangeColumns({ columns }: Ticket, writes: readonly Write[], fields: NamedFields): string[] {
  if (columns.includes("*")) return [];
  const changed = new Set(writes.flatMap((write) => changedFields(write, fields)));
  return fields.flatMap(([name, field]) => {
    const column = columnOf(name, field);
    return changed.has(name) && !columns.includes(column) && !columns.includes(name) ? [column] : [];
  });
}
