import { join } from "node:path";
import { expect, it } from "vitest";
import { runGolden } from "../../test/support/golden-job.ts";
import paymentSettlement from "./job.ts";

it("says of the golden input what is written beside it", async () => {
  const golden = join(import.meta.dirname, "golden");
  await expect(runGolden(paymentSettlement, golden)).toMatchFileSnapshot(join(golden, "expected.txt"));
});
