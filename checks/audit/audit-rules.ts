import { exponentOf, parseDecimal, rescale } from "../../base/money.ts";
import { WRITE_COLUMNS } from "../../dataflow/writes.ts";
import type { RowEvidence } from "../row-set.ts";
import type { CheckRule, Judgement, KeyView, RuleSettings } from "../rule.ts";
import type { Severity, TicketField, UntypedAuditSpec } from "./audit.ts";
import { authorisationOf } from "./authorisation.ts";
import { changedFields, moneyMoved, type NamedFields, plainText } from "./changed.ts";
import { type Finding, judgementOf } from "./finding.ts";
import { integrityOf } from "./integrity.ts";
import type { Ticket } from "./ticket.ts";
import { type Transaction, transactionOf, type Write } from "./transaction.ts";

/** What the two checks of an audit have in common. */
export interface AuditSettings extends RuleSettings {
  /** The audited tables, by their names in the source. */
  readonly tables: readonly string[];
  readonly fields: NamedFields;
  readonly endWithinMs: number;
}

/** Whether the writes of a transaction were authorised. */
export function authorisationRule(settings: AuditSettings, spec: UntypedAuditSpec): CheckRule {
  const { context, approvals, bulkLimit = Number.POSITIVE_INFINITY } = spec;
  const { tables, fields } = settings;
  const contextColumns = (context?.fields ?? []).map(
    (name) => WRITE_COLUMNS + Object.keys(context!.of.fields).indexOf(name),
  );
  // A blank text is no value.
  const hasContext = ({ context: rows }: Transaction) =>
    rows.some(({ fields: values }) => contextColumns.every((i) => plainText(values[i]).trim() !== ""));
  const ticketsOf = approvals && ticketReader(approvals, Object.keys(approvals.of.node.fields));
  const parts = [
    ...(context === undefined ? [] : [`a row of ${context.of.name}`]),
    ...(approvals === undefined ? [] : ["a ticket"]),
  ];
  const limit = Number.isFinite(bulkLimit) ? [`a ticket for more than ${bulkLimit} rows`] : [];
  return ruleOf(settings, spec, {
    expression: `writes of ${tables.join(", ")} need ${[parts.join(" or "), ...limit].filter((text) => text !== "").join(", ")}`,
    settings: JSON.stringify(["audit", context?.fields, approvals && { ...approvals, of: undefined }, bulkLimit]),
    judge: (transaction, key) => {
      const tickets = ticketsOf?.(key.referenceRows()).filter(({ table }) => tables.includes(table)) ?? [];
      const isOpen = context === undefined && approvals === undefined;
      return authorisationOf(transaction.writes, tickets, isOpen || hasContext(transaction), bulkLimit, fields);
    },
    // What authorises may be in a record that could not be read.
    restsOn: (cause, leg) => leg !== "writes" && leg !== "ends" && (cause !== "bulk-change" || leg === "approvals"),
  });
}

/** Whether a transaction changed rows as they may be changed. */
export function integrityRule(settings: AuditSettings, spec: UntypedAuditSpec): CheckRule {
  const { terminal = {}, guarded = {}, neverDeleted = false } = spec;
  const parts = [
    ...Object.entries(terminal).map(([field, values]) => `${field} never leaves ${values.join(", ")}`),
    ...Object.entries(guarded).map(([field, guards]) => `${field} changes with ${guards.join(" and ")}`),
    ...(neverDeleted ? ["no row is deleted"] : []),
  ];
  return ruleOf(settings, spec, {
    expression: `in ${settings.tables.join(", ")} ${parts.join("; ")}`,
    settings: JSON.stringify(["audit.rows", terminal, guarded, neverDeleted]),
    judge: ({ writes }) => integrityOf(writes, { terminal, guarded, neverDeleted }, settings.fields),
    restsOn: (cause, leg) => leg === "writes" && cause === "unguarded-change",
  });
}

interface Kind {
  readonly expression: string;
  readonly settings: string;
  judge(transaction: Transaction, key: KeyView): Finding | "pass";
  restsOn(cause: string, leg: string): boolean;
}

function ruleOf(settings: AuditSettings, spec: UntypedAuditSpec, kind: Kind): CheckRule {
  const { tables, fields, endWithinMs, ...common } = settings;
  const severityOf = severityBy(spec.severe ?? {}, fields);
  const say = (writes: readonly Write[], status: "pass" | "pending" | Finding) =>
    judgementOf(writes, status, fields, severityOf);
  return {
    ...common,
    kind: "audit",
    isOfSums: false,
    expression: kind.expression,
    settings: JSON.stringify([kind.settings, tables, spec.severe ?? null, endWithinMs]),
    judge: (key): readonly Judgement[] => {
      const transaction = transactionOf(key.entries, fields.length, tables);
      const { writes, counted, time } = transaction;
      if (writes.length === 0 && counted === null) return [];
      if (counted !== null && writes.length >= counted) return [say(writes, kind.judge(transaction, key))];
      key.wakeAt = time + endWithinMs + common.skewMs;
      const judgement = say(writes, "pending");
      if (key.point < key.wakeAt) return [judgement];
      const missing =
        counted === null ? "its END has not come" : `its END counts ${counted} writes, and ${writes.length} were read`;
      return [{ ...judgement, unobservable: missing }];
    },
    missedDeadline: () => null,
    restsOn: (cause, { name }) => kind.restsOn(cause, name),
    lateSide: () => "expect",
  };
}

function severityBy(
  { fields: severe = [], above }: NonNullable<UntypedAuditSpec["severe"]>,
  fields: NamedFields,
): (writes: readonly Write[]) => Severity {
  const limit = above === undefined ? undefined : parseDecimal(above)!;
  return (writes) => {
    if (writes.some((write) => changedFields(write, fields).some((name) => severe.includes(name)))) return "high";
    if (limit === undefined) return "normal";
    const isMuch = [...moneyMoved(writes, fields)].some(
      ([currency, minor]) => minor >= rescale(limit.unscaled, limit.scale, exponentOf(currency) ?? 0, "up")!,
    );
    return isMuch ? "high" : "normal";
  };
}

/** Reads tickets from rows; one that lacks something approves nothing. */
function ticketReader(
  spec: Readonly<Record<TicketField, string>>,
  names: readonly string[],
): (rows: readonly RowEvidence[]) => Ticket[] {
  const read = (row: RowEvidence, field: TicketField) => row.fields[names.indexOf(spec[field])] ?? null;
  const listOf = (text: unknown) =>
    String(text ?? "")
      .split(",")
      .map((part) => part.trim());
  const ticketsOf = (rows: readonly RowEvidence[]) =>
    rows.flatMap((row): Ticket[] => {
      const [from, to, most] = [read(row, "from"), read(row, "to"), read(row, "rows")];
      if (from === null || to === null || most === null) return [];
      return [
        {
          ticket: plainText(read(row, "ticket")),
          table: plainText(read(row, "table")),
          keys: listOf(read(row, "keys")),
          columns: listOf(read(row, "columns")),
          from: from as number,
          to: to as number,
          rows: Number(most),
        },
      ];
    });
  let last: readonly RowEvidence[] = [];
  let tickets: Ticket[] = [];
  return (rows) => {
    // The same list comes for transaction after transaction.
    if (rows !== last) tickets = ticketsOf(rows);
    last = rows;
    return tickets;
  };
}
