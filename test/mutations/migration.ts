import { days, minutes, seconds } from "../../base/time.ts";
import type { Row } from "../../shop/decoded-log.test-helper.ts";
import { digitsOf } from "../../shop/prices.ts";
import { START_MS } from "../../shop/terms.ts";
import { change, more } from "./change.ts";
import { by, type Chosen, countsOf, lastRows, type Mutation } from "./mutation.ts";
import type { Recording } from "./recording.ts";

const CHECK = "account-migration";

/** What can go wrong between the old accounts and the new ones. */
export const migrationMutations: readonly Mutation[] = [
  of("dropped", "the new account", "missing-in-new", (recording, { copy }) => change.drop(recording, copy)),
  of("dropped", "the old account", "missing-in-old", (recording, { original }) => change.drop(recording, original)),
  of("doubled", "the new account", "missing-in-old", (recording, { copy, id }) =>
    change.double(recording, copy, { account_id: `${id}-again` }),
  ),
  of("one unit off", "the new balance", "field-differs", (recording, { copy, unit }) =>
    change.cells(recording, copy, (row) => ({ ...row, balance: more(row.balance, unit) })),
  ),
  of("another currency", "the new balance", "field-differs", (recording, { copy, other }) =>
    change.cells(recording, copy, { currency: other }),
  ),
  of("late", "the new account, by ten minutes", "missing-in-new", (recording, { copy }) =>
    change.shift(recording, copy, minutes(10)),
  ),
  of("out of order", "the new account before the old one", null, (recording, { copy, lagMs }) =>
    change.shift(recording, copy, -lagMs - seconds(6)),
  ),
];

interface Copied {
  readonly original: { readonly table: "accounts"; readonly where: { readonly id: bigint } };
  readonly copy: { readonly table: "accounts_v2"; readonly where: { readonly account_id: unknown } };
  readonly id: unknown;
  /** From the one to the other. */
  readonly lagMs: number;
  /** One minor unit, in units of the new balance's last place. */
  readonly unit: bigint;
  readonly other: string;
}

function of(
  kind: Mutation["kind"],
  what: string,
  gives: string | null,
  apply: (recording: Recording, copied: Copied) => number,
): Mutation {
  return {
    check: CHECK,
    kind,
    what,
    gives,
    apply(recording, chosen) {
      const { key, copied } = nextCopied(recording, chosen);
      return { key, changed: apply(recording, copied) };
    },
  };
}

/** An account that was opened in both tables, and not changed since. */
function nextCopied(recording: Recording, chosen: Chosen): { readonly key: string; readonly copied: Copied } {
  const [original, copy] = chosen.next("accounts", () => {
    const until = START_MS + days(6);
    const events = (table: string) =>
      by(
        recording.of(table).map(({ key }) => key),
        Object.keys(recording.of(table)[0]!.key)[0]!,
      );
    const [olds, news] = [events("accounts"), events("accounts_v2")];
    const copies = by(lastRows(recording, "accounts_v2", until), "legacy_id");
    const counts = countsOf(recording, "accounts_v2", "legacy_id");
    return lastRows(recording, "accounts", until).flatMap((row): Row[][] => {
      const [own] = copies.get(row.id) ?? [];
      const isPlain = counts.get(row.id) === 1 && olds.get(row.id)?.length === 1;
      return isPlain && own !== undefined && news.get(own.account_id)?.length === 1 ? [[row, own]] : [];
    });
  });
  const { id, currency } = original!;
  const timeOf = (table: string, column: string, value: unknown) =>
    Number(recording.of(table).find(({ key }) => key[column] === value)!.value.source.ts_ms);
  const copied: Copied = {
    original: { table: "accounts", where: { id: id as bigint } },
    copy: { table: "accounts_v2", where: { account_id: copy!.account_id } },
    id: copy!.account_id,
    lagMs: timeOf("accounts_v2", "account_id", copy!.account_id) - timeOf("accounts", "id", id),
    unit: 10n ** BigInt(4 - digitsOf(currency as string)),
    other: currency === "EUR" ? "USD" : "EUR",
  };
  return { key: String(id), copied };
}
