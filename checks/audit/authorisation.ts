import type { NamedFields } from "./changed.ts";
import type { Finding } from "./finding.ts";
import { answerOf, isNear, isUnattributable, type Ticket } from "./ticket.ts";
import type { Write } from "./transaction.ts";

/**
 * Whether a transaction's writes were authorised, by "D. Manual changes" of the semantics: more rows than the limit need a
 * ticket; others a context or a ticket. `tickets`: those of the table, as they were when it ended.
 */
export function authorisationOf(
  writes: readonly Write[],
  tickets: readonly Ticket[],
  hasContext: boolean,
  bulkLimit: number,
  fields: NamedFields,
): Finding | "pass" {
  const rows = new Set(writes.map(({ row }) => row)).size;
  if (rows <= bulkLimit && hasContext) return "pass";
  const near = tickets.filter((ticket) => isNear(ticket, writes));
  const answers = near.map((ticket) => answerOf(ticket, writes, fields));
  if (answers.some(({ problems, isUnknown }) => problems.length === 0 && !isUnknown)) return "pass";
  if (rows > bulkLimit) {
    const reason = `${rows} rows were written at once, and ${bulkLimit} may be without a ticket`;
    return { class: "bulk-change", reason, writes };
  }
  if (answers.some(({ problems }) => problems.length === 0)) {
    const reason = "whether a ticket approves what was changed cannot be told: the rows are not known from before";
    return { class: "unattributable", reason, writes: writes.filter(isUnattributable) };
  }
  const [closest] = answers
    .filter(({ isConcerned }) => isConcerned)
    .sort((left, right) => left.problems.length - right.problems.length || (left.ticket < right.ticket ? -1 : 1));
  if (closest === undefined)
    return { class: "unauthorised", reason: "nobody accounted for it, and no ticket approves it", writes };
  const { ticket, problems } = closest;
  return { class: "outside-ticket", reason: `ticket ${ticket} does not approve it: ${problems.join("; ")}`, writes };
}
