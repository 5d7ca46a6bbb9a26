import { isSame, type NamedFields, plainText } from "./changed.ts";
import type { Finding } from "./finding.ts";
import { isUnattributable } from "./ticket.ts";
import { netWrites, type Write } from "./transaction.ts";

/** How rows may change. */
export interface Integrity {
  readonly terminal: Readonly<Record<string, readonly string[]>>;
  readonly guarded: Readonly<Record<string, readonly string[]>>;
  readonly neverDeleted: boolean;
}

/**
 * Whether a transaction left rows as they may be, by "D. Manual changes" of the semantics: all its writes of a row are taken
 * together. One cause, the first that is found.
 */
export function integrityOf(writes: readonly Write[], rules: Integrity, fields: NamedFields): Finding | "pass" {
  const net = netWrites(writes);
  const places = new Map(fields.map(([name], i) => [name, i]));
  const fieldOf = (values: readonly unknown[], name: string) => values[places.get(name)!];
  const changed = ({ before, after }: Write, name: string) =>
    before !== null && after !== null && !isSame(fieldOf(before, name), fieldOf(after, name));
  const left = (write: Write) =>
    Object.entries(rules.terminal).some(
      ([name, values]) => changed(write, name) && values.includes(plainText(fieldOf(write.before!, name))),
    );
  const unguarded = (write: Write) =>
    Object.entries(rules.guarded).some(
      ([name, guards]) => changed(write, name) && guards.some((guard) => !changed(write, guard)),
    );
  const restsOnBefore = Object.keys(rules.terminal).length + Object.keys(rules.guarded).length > 0;
  const causes: readonly [string, string, (write: Write) => boolean][] = [
    ["terminal-left", "what is over was opened again", left],
    [
      "deleted-row",
      "rows were deleted that are kept for ever",
      ({ operation }) => rules.neverDeleted && operation === "delete",
    ],
    ["unguarded-change", "it changed without what changes with it", unguarded],
    ["unattributable", "what they were is not known", (write) => restsOnBefore && isUnattributable(write)],
  ];
  for (const [cause, reason, is] of causes) {
    const found = net.filter(is);
    if (found.length > 0) return { class: cause, reason, writes: found };
  }
  return "pass";
}
