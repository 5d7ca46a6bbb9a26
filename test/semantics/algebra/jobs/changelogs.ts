import { milliseconds } from "../../../../base/time.ts";
import type { AggregateBuilder, Aggregates } from "../../../../dataflow/aggregates/aggregate.ts";
import type { Environment } from "../../../../dataflow/environment.ts";
import { Changelog } from "../../../../dataflow/streams.ts";
import type * as specs from "../operators.ts";
import { type CaseFields, MODELS } from "./models.ts";
import { tell } from "./tell.ts";

/** One row of each key. */
export function deduplicateJob(env: Environment, { keep, by, ttl }: specs.DeduplicateSpec): void {
  const rows = env.changes(MODELS.in).asEvents().keyBy("key");
  const spec = { by: by === "arrival" ? by : "eventTime", ...ttlOf(ttl) } as const;
  const results =
    keep === "first"
      ? rows.deduplicate("kept", { keep: "first", ...spec })
      : rows.deduplicate("kept", { keep: "last", ...spec });
  tell(new Changelog<CaseFields>(env, results.node), ({ key, value, number }) => ({ key, values: { value, number } }));
}

/** The first rows of each key; of a changelog where a case takes rows back. */
export function topNJob(env: Environment, { from, to, withRank, ttl }: specs.TopNSpec, retracts: boolean): void {
  const spec = { by: "number", order: "asc", skip: from - 1, ...ttlOf(ttl) } as const;
  const n = to - from + 1;
  const rows = retracts ? env.changes(MODELS.in).keyBy("key") : env.changes(MODELS.in).asEvents().keyBy("key");
  if (withRank) {
    const ranked = rows.topN("top", n, { ...spec, withRank: true });
    tell(ranked, ({ key, id, number, rank }) => ({ key, values: { id, number, rank } }));
  } else {
    tell(rows.topN("top", n, spec), ({ key, id, number }) => ({ key, values: { id, number } }));
  }
}

/** Aggregates of all rows of a key; of a changelog where a case takes rows back. */
export function aggregateJob(env: Environment, { results }: specs.AggregateSpec, retracts: boolean): void {
  const rows = retracts ? env.changes(MODELS.in).keyBy("key") : env.changes(MODELS.in).asEvents().keyBy("key");
  const define = (rows: AggregateBuilder<CaseFields, readonly ["key"]>) => {
    const all = { count: rows.count(), sum: rows.sum("number"), min: rows.min("number"), max: rows.max("number") };
    const wanted = Object.fromEntries(results.map((name) => [name, all[name]]));
    return { key: rows.key("key"), ...wanted } satisfies Aggregates;
  };
  tell(rows.aggregate("aggregate", define), ({ key, ...values }) => ({ key, values }));
}

const ttlOf = (ttl: number | undefined) => (ttl === undefined ? {} : { ttl: milliseconds(ttl) });
