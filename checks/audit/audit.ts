import { type Duration, days, minutes, seconds } from "../../base/time.ts";
import type { Environment } from "../../dataflow/environment.ts";
import type { Fields, InstantsOf, Model, ValueOf } from "../../dataflow/model.ts";
import type { ModelChangelog } from "../../dataflow/streams.ts";
import { tableCountsOf } from "../../dataflow/transactions.ts";
import { CheckInputs, deadlineOf } from "../check-inputs.ts";
import { type CommonSpec, settingsOf } from "../spec-checks.ts";
import { type AuditSettings, authorisationRule, integrityRule } from "./audit-rules.ts";
import { namedFields } from "./changed.ts";
import { checkAudit } from "./spec-check.ts";
import { LEGS } from "./transaction.ts";

/** Names of the fields that hold text, whole numbers or keys. */
type NamesOf<F extends Fields, T> = { [K in keyof F]: ValueOf<F[K]> extends T ? K : never }[keyof F] & string;

/** Where approved tickets are: which fields of a model say what. Lists are texts with commas between, `*` for all. */
export interface ApprovalsSpec<A extends Fields> {
  /** The tickets: `env.changes(Approval).where({ status: "approved" })`. All of them are kept by every worker. */
  readonly of: ModelChangelog<A>;
  readonly ticket: NamesOf<A, string>;
  /** The table that may be written. */
  readonly table: NamesOf<A, string>;
  /** Primary keys of the rows that may be written, as people write them. */
  readonly keys: NamesOf<A, string>;
  /** Columns that may be changed. All of them are changed by an insert or a delete. */
  readonly columns: NamesOf<A, string>;
  readonly from: InstantsOf<A>;
  readonly to: InstantsOf<A>;
  /** The most writes that one transaction may make by it. */
  readonly rows: NamesOf<A, bigint>;
}

/** How bad a finding is: told first in its note. */
export type Severity = "high" | "normal";

/**
 * An audit of the writes of a model's rows, by transaction. `uid` says whether they were authorised: `context`, `approvals`,
 * `bulkLimit`. `uid.rows` says whether rows were changed as they may be: `terminal`, `guarded`, `neverDeleted`. Either is
 * judged at the transaction's END, once all writes that it counts are there. A finding stays, whatever is written later.
 */
export interface AuditSpec<F extends Fields, C extends Fields = Fields, A extends Fields = Fields> extends CommonSpec {
  /** The model whose rows are audited; its tables are of one source. */
  readonly of: Model<F>;
  /** A transaction that inserts a row of this model, with a value in each of `fields`, is authorised. */
  readonly context?: { readonly of: Model<C>; readonly fields: readonly (keyof NoInfer<C> & string)[] };
  /** A transaction whose writes one ticket approves is authorised. */
  readonly approvals?: ApprovalsSpec<A>;
  /** The most rows that a transaction may write without a ticket. Default: any number. */
  readonly bulkLimit?: number;
  /** Values that a row never leaves once it has them: `{ status: ["settled"] }`. */
  readonly terminal?: { readonly [K in NamesOf<F, string>]?: readonly (ValueOf<F[K]> & string)[] };
  /** Fields that change together with others only: `{ amount: ["version", "updatedAt"] }`. */
  readonly guarded?: { readonly [K in keyof F & string]?: readonly (keyof F & string)[] };
  /** Rows of a ledger are never deleted. */
  readonly neverDeleted?: boolean;
  /** A finding is of high severity where it changes one of these fields, or moves so much money: `"1000"` units of its currency. */
  readonly severe?: { readonly fields?: readonly (keyof F & string)[]; readonly above?: string };
  /** How long after its newest write a transaction's END must be there, else it is unobservable. Default: 5 minutes. */
  readonly endWithin?: Duration;
  /** How long a transaction that passed is remembered. Default: 1 day. */
  readonly retain?: Duration;
}

/** A spec whose names have been checked, or are about to be. */
export type UntypedAuditSpec = Omit<AuditSpec<Fields>, "terminal" | "guarded" | "severe" | "approvals" | "context"> & {
  readonly context?: { readonly of: Model; readonly fields: readonly string[] };
  readonly approvals?: { readonly of: ModelChangelog<Fields> } & Readonly<Record<TicketField, string>>;
  readonly terminal?: Readonly<Record<string, readonly string[]>>;
  readonly guarded?: Readonly<Record<string, readonly string[]>>;
  readonly severe?: { readonly fields?: readonly string[]; readonly above?: string };
};

/** What a spec says of tickets. */
export type TicketField = "ticket" | "table" | "keys" | "columns" | "from" | "to" | "rows";

/** Adds an audit to a job. `uid` names it for ever. Throws RULE_INVALID for one that cannot be judged. */
export function audit(environment: Environment, uid: string, spec: UntypedAuditSpec): void {
  checkAudit(uid, spec);
  const { context, approvals, bulkLimit, terminal, guarded, neverDeleted } = spec;
  if (context !== undefined || approvals !== undefined || bulkLimit !== undefined) {
    const { inputs, settings } = begin(environment, uid, spec);
    const legs = [...settings.legs];
    if (context !== undefined)
      legs.push(inputs.leg({ ...LEG, name: LEGS[2], side: "expect", changes: environment.writes(context.of) }));
    if (approvals !== undefined)
      legs.push(inputs.reference({ ...LEG, name: "approvals", side: "expect", changes: approvals.of }));
    inputs.add(authorisationRule({ ...settings, legs }, spec));
  }
  if (terminal !== undefined || guarded !== undefined || neverDeleted === true) {
    const { inputs, settings } = begin(environment, `${uid}.rows`, spec);
    inputs.add(integrityRule(settings, spec));
  }
}

/** What the legs of an audit have in common: rows take part as they come. */
const LEG = { sign: 1, field: null, deadline: deadlineOf(seconds(0)) } as const;

/** The inputs of either check of an audit: the writes, and the ends of transactions that made some. */
function begin(environment: Environment, uid: string, spec: UntypedAuditSpec) {
  const { of, retain = days(1), endWithin = minutes(5) } = spec;
  const tables = of.from.map(({ table }) => table);
  const writes = environment.writes(of);
  const ends = environment.transactions(of.from[0]!.source).filter(({ tableCounts }) => {
    const counts = tableCountsOf(tableCounts ?? "{}");
    return tables.some((table) => counts.has(table));
  });
  const inputs = new CheckInputs(environment, ["transactionId"]);
  const legs = [
    inputs.leg({ ...LEG, name: LEGS[0], side: "actual", changes: writes }),
    inputs.leg({ ...LEG, name: LEGS[1], side: "actual", changes: ends }),
  ];
  const settings: AuditSettings = {
    ...settingsOf(uid, legs, { ...spec, retain }),
    tables,
    fields: namedFields(of.fields),
    endWithinMs: endWithin,
  };
  return { inputs, settings };
}
