import { parseDecimal } from "../../base/money.ts";
import { modelOf } from "../../dataflow/graph.ts";
import type { FieldKind, Model } from "../../dataflow/model.ts";
import { ModelChangelog } from "../../dataflow/streams.ts";
import { checkCommon, checkDeadline, checkModel, type Invalid, invalidRule } from "../spec-checks.ts";
import type { TicketField, UntypedAuditSpec } from "./audit.ts";

/** What the fields of tickets must be. */
const TICKET: Readonly<Record<TicketField, readonly FieldKind[]>> = {
  ticket: ["text", "id"],
  table: ["text", "id"],
  keys: ["text", "id"],
  columns: ["text", "id"],
  from: ["instant"],
  to: ["instant"],
  rows: ["integer"],
};

/**
 * Checks what a job says of an audit, which the compiler may not have seen. Throws RULE_INVALID, which names what is wrong
 * and what would be right.
 */
export function checkAudit(uid: string, spec: UntypedAuditSpec): void {
  const invalid = invalidRule(uid);
  checkCommon(uid, spec);
  const { of, context, approvals, bulkLimit, terminal, guarded, neverDeleted, severe, endWithin } = spec;
  if (!isModel(of)) invalid("`of` should be a model, as in `of: LedgerEntry`");
  if (new Set(of.from.map(({ source }) => source)).size !== 1)
    invalid(
      `the tables of ${of.name} are of several sources, which have transactions of their own: audit each by itself`,
    );
  if (
    [context, approvals, bulkLimit, terminal, guarded, neverDeleted].every(
      (part) => part === undefined || part === false,
    )
  )
    invalid("it looks at nothing: give `context`, `approvals`, `bulkLimit`, `terminal`, `guarded` or `neverDeleted`");
  if (bulkLimit !== undefined && !(Number.isSafeInteger(bulkLimit) && bulkLimit > 0))
    invalid("`bulkLimit` should be a whole number of rows from 1 on");
  if (context !== undefined) checkContext(of, context, invalid);
  if (approvals !== undefined) checkApprovals(uid, approvals, invalid);
  for (const [field, values] of Object.entries(terminal ?? {})) {
    requireField(of, field, "`terminal`", invalid, ["text", "id"]);
    if (!Array.isArray(values) || values.length === 0) invalid(`\`terminal.${field}\` should be a list of values`);
  }
  for (const [field, guards] of Object.entries(guarded ?? {})) {
    if (!Array.isArray(guards) || guards.length === 0) invalid(`\`guarded.${field}\` should be a list of fields`);
    for (const name of [field, ...guards]) requireField(of, name, "`guarded`", invalid);
  }
  for (const name of severe?.fields ?? []) requireField(of, name, "`severe`", invalid);
  if (severe?.above !== undefined && (parseDecimal(severe.above)?.unscaled ?? -1n) < 0n)
    invalid('`severe.above` should be an amount in currency units, as "1000"');
  checkDeadline("`endWithin`", endWithin, invalid);
}

function checkContext(
  of: Model,
  { of: model, fields }: NonNullable<UntypedAuditSpec["context"]>,
  invalid: Invalid,
): void {
  if (!isModel(model)) invalid("`context.of` should be a model, as in `of: ChangeContext`");
  if (model.from.some(({ source }) => source !== of.from[0]!.source))
    invalid(`${model.name} is of another source than ${of.name}: no transaction can write both`);
  for (const name of fields) requireField(model, name, "`context.fields`", invalid);
}

function checkApprovals(uid: string, approvals: NonNullable<UntypedAuditSpec["approvals"]>, invalid: Invalid): void {
  if (!(approvals.of instanceof ModelChangelog))
    invalid("`approvals.of` should be rows, as env.changes(Approval) gives");
  const model = modelOf(approvals.of.node);
  checkModel(uid, model);
  for (const [part, kinds] of Object.entries(TICKET) as [TicketField, readonly FieldKind[]][])
    requireField(model, approvals[part], `\`approvals.${part}\``, invalid, kinds);
}

function requireField(model: Model, name: string, place: string, invalid: Invalid, kinds?: readonly FieldKind[]): void {
  const field = Object.hasOwn(model.fields, name) ? model.fields[name] : undefined;
  if (field === undefined)
    invalid(`${place}: ${name} is no field of ${model.name}; its fields: ${Object.keys(model.fields).join(", ")}`);
  if (kinds?.includes(field!.kind) === false) invalid(`${place}: ${name} should be ${kinds.join(" or ")}`);
}

function isModel(value: unknown): value is Model {
  return typeof value === "object" && value !== null && "fields" in value && "from" in value && !("writes" in value);
}
