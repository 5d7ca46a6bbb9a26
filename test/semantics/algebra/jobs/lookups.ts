import { days, milliseconds } from "../../../../base/time.ts";
import type { Environment } from "../../../../dataflow/environment.ts";
import type { LookupResult } from "../../../../dataflow/lookups/lookup.ts";
import { integer, text } from "../../../../dataflow/model.ts";
import type { Row } from "../../../../dataflow/row-view.ts";
import type { AsyncLookupSpec } from "../operators.ts";
import { type CaseFields, MODELS } from "./models.ts";
import { type Shown, tell } from "./tell.ts";

/** The uid of a case's look-up. */
export const LOOKUP = "find";

const emits = { key: text(), number: integer() };
type Result = LookupResult<typeof emits>;

/**
 * The other side of look-ups: answers when a case says so, with twice the number. What it has answered once it answers again
 * at once, when a restored run asks again.
 */
export class Oracle {
  readonly #answered = new Set<string>();
  readonly #asked = new Map<string, PromiseWithResolvers<Result[]> & { readonly results: Result[] }>();

  ask(rows: readonly Row<CaseFields>[]): Promise<Result[]> {
    const results = rows.map(({ key, number }): Result => ({ key, number: 2n * number! }));
    const value = rows[0]!.value!;
    if (this.#answered.has(value)) return Promise.resolve(results);
    const asked = { ...Promise.withResolvers<Result[]>(), results };
    this.#asked.set(value, asked);
    return asked.promise;
  }

  /** Answers for a row that was asked about. */
  answer(value: string): void {
    const { resolve, results } = this.#asked.get(value)!;
    this.#answered.add(value);
    resolve(results);
  }
}

/** Each row is looked up elsewhere, one a call. */
export function lookupJob(env: Environment, { ordered, capacity, timeout }: AsyncLookupSpec, oracle: Oracle): void {
  const rows = env.changes(MODELS.in).asEvents();
  const found = rows.lookup(LOOKUP, {
    emits,
    lookup: (rows) => oracle.ask(rows),
    timeout: timeout === undefined ? days(1) : milliseconds(timeout.after),
    ordered,
    inFlight: capacity,
    batch: 1,
  });
  tell(found, ({ key, number }) => ({ key, values: { number } }));
  if (timeout?.gives === "triple") {
    const triple = ({ key, number }: Row<CaseFields>): Shown => ({ key, values: { number: 3n * number! } });
    tell(found.failed(), triple);
  }
}
