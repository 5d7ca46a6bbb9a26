import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countercheck, root, TemporaryFolder } from "../support/cli.ts";
import { breakRecord, layShopLog } from "../support/shop.ts";

const JOB = join(root, "jobs/payment-settlement");

describe("countercheck dead-letters", () => {
  const folder = new TemporaryFolder();
  const call = (...args: string[]) => countercheck(args, { cwd: folder.path });
  const run = async () => JSON.parse((await call("run", JOB, "--config", "config.json", "--json")).stdout);
  const letters = async (state = "open") =>
    JSON.parse((await call("dead-letters", "list", "--state", state, "--json", "--dir", "out")).stdout);
  let id: string;

  beforeAll(async () => {
    await layShopLog(folder.path, 600, { change: breakRecord("maria.shop.payments", 700) });
    const summary = await run();
    expect(summary.deadLetters).toEqual({ found: 1, open: 1 });
    expect(summary.verdicts.unobservable).toBe(1);
    id = (await letters())[0].id;
  });
  afterAll(() => folder[Symbol.dispose]());

  it("lists a record that could not be used, with what is wrong", async () => {
    expect(await letters()).toMatchObject([{ source: "shop", table: "payments", code: "AVRO_CORRUPT", state: "open" }]);
    const { stdout } = await call("dead-letters", "list", "--dir", "out");
    expect(stdout).toContain(id);
    expect(stdout).toContain("AVRO_CORRUPT");
  });

  it("replays it: says what would happen now, and is open again when the next run still cannot use it", async () => {
    const { stdout } = await call(
      ...["dead-letters", "replay", id, "--config", "config.json", "--job", JOB, "--json", "--dir", "out"],
    );
    expect(JSON.parse(stdout)).toMatchObject({
      id,
      decision: "replayed",
      outcome: { usable: false, code: "AVRO_CORRUPT" },
    });
    expect(await letters()).toEqual([]);
    const again = await call("dead-letters", "replay", id, "--dir", "out");
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("error DEAD_LETTER_ALREADY_DECIDED: ") });
    expect((await run()).deadLetters).toEqual({ found: 1, open: 1 });
    expect(await letters()).toMatchObject([{ id, state: "open" }]);
  });

  it("discards it with a note: later runs do without it, and no key stays unobservable", async () => {
    const without = await call("dead-letters", "discard", id, "--note", "  ", "--dir", "out");
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining("error NOTE_REQUIRED: ") });
    await call("dead-letters", "discard", id, "--note", "test row", "--dir", "out");
    const summary = await run();
    expect(summary.deadLetters).toEqual({ found: 0, open: 0 });
    expect(summary.verdicts.unobservable).toBe(0);
    expect(await letters("discarded")).toMatchObject([{ id }]);
  });

  it("knows no other record", async () => {
    const { code, stderr } = await call("dead-letters", "replay", "maria.shop.payments/0/999999", "--dir", "out");
    expect(code).toBe(1);
    expect(stderr).toContain("error DEAD_LETTER_UNKNOWN: ");
  });
});
