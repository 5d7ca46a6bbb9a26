import { describe, expect, it } from "vitest";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { id, idOf, integer, model, table } from "../model.ts";

const Sale = model("Sale", { from: table("shop", "sales"), fields: { shop: id(), items: integer() } });

describe("a fold that changes what it keeps in place", () => {
  it("is told so, for its result before that would be taken back as another", () => {
    const changing = jobOf((env) => {
      env
        .changes(Sale)
        .keyBy("shop")
        .aggregate("items", (sales) => ({
          items: sales.fold({
            keeps: { items: integer() },
            gives: integer(),
            add: (kept, { items }) => ({ items: (kept.items ?? 0n) + (items ?? 0n) }),
            retract: (kept, { items }) => {
              const changed = kept as { items: bigint };
              changed.items -= items ?? 0n;
              return changed;
            },
            result: ({ items }) => items,
          }),
        }))
        .to("out");
    });
    const harness = new JobHarness(changing);
    for (const items of [1n, 2n]) harness.row(Sale, { shop: idOf("a"), items }, 1);
    const mistake = () => harness.row(Sale, { shop: idOf("a"), items: 2n }, 1, { kind: -1 });
    expect(mistake).toThrow(expect.objectContaining({ code: "JOB_FUNCTION_FAILED" }));
    expect(mistake).toThrow(/read only/);
  });
});
