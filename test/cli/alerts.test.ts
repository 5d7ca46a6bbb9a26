import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countercheck, root, TemporaryFolder } from "../support/cli.ts";
import { layShopLog } from "../support/shop.ts";

const JOB = join(root, "jobs/payment-settlement");

describe("countercheck alerts", () => {
  const folder = new TemporaryFolder();
  const call = (...args: string[]) => countercheck([...args, "--dir", "out"], { cwd: folder.path });
  const json = async (...args: string[]) => JSON.parse((await call(...args, "--json")).stdout);
  const open = async (): Promise<string[]> => (await json("alerts", "list")).alerts.map(({ id }: { id: string }) => id);
  let ids: string[];

  beforeAll(async () => {
    await layShopLog(folder.path, 400);
    await countercheck(["run", JOB, "--config", "config.json", "--json"], { cwd: folder.path });
    ids = await open();
    expect(ids.length).toBeGreaterThan(4);
  }, 60_000);
  afterAll(() => folder[Symbol.dispose]());

  it("takes several at once, by the beginnings of their ids, and keeps who decided what", async () => {
    const [one, two] = ids.slice(0, 2).map((id) => id.slice(0, 10));
    const { stdout } = await call("alerts", "acknowledge", one!, two!, "--note", "asked the bank");
    expect(stdout.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(new RegExp(`^${one}  \\S+, .*: acknowledged by .*$`)),
      expect.stringMatching(new RegExp(`^${two}  \\S+, .*: acknowledged by .*$`)),
    ]);
    expect(await open()).toEqual(ids.slice(2));
    const listed = await call("alerts", "list", "--state", "acknowledged");
    expect(listed.stdout).toMatch(/\n2 of 2 acknowledged, \d+ open, \d+ resolved; --limit shows/);
    const history = await call("alerts", "history", one!);
    expect(history.stdout).toMatch(/\nPeople\n {2}\S+ {2}acknowledged by .*: asked the bank\n/);
    expect(history.stdout).toContain("opened by verdict 1");
    expect((await json("alerts", "history", one!)).decisions).toMatchObject([{ decision: "acknowledged" }]);
    await call("alerts", "reopen", one!, two!);
    expect(await open()).toEqual(ids);
  });

  it("snoozes for a while, and accepts with a note", async () => {
    expect(await json("alerts", "snooze", ids[0]!, "--for", "4h")).toMatchObject([{ state: "snoozed" }]);
    expect(await json("alerts", "accept", ids[1]!, "--note", "written off")).toMatchObject([
      { id: ids[1], state: "accepted", handling: { note: "written off", until: null } },
    ]);
    expect(await open()).toEqual(ids.slice(2));
    const { stdout } = await call("alerts", "show", ids[0]!);
    expect(stdout).toMatch(/^state {5}snoozed until .* by /m);
    const past = await call("alerts", "snooze", ids[2]!, "--until", "2020-01-01");
    expect(past).toMatchObject({ code: 2, stderr: expect.stringContaining("error OPTION_INVALID: ") });
  });

  it("says what is wrong with an id", async () => {
    const unknown = await call("alerts", "show", "zzzz");
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining("error ALERT_UNKNOWN: ") });
    const resolved = (await json("alerts", "list", "--state", "resolved")).alerts[0].id;
    const late = await call("alerts", "acknowledge", resolved);
    expect(late.stderr).toContain("is resolved, so there is nothing to acknowledge: it opens again");
    for (const ids of [[], [""]]) {
      const none = await call("notifications", "retry", ...ids);
      expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("error OPTION_INVALID: ") });
    }
  });

  it("keeps what people decided when a run begins afresh", async () => {
    await countercheck(["run", JOB, "--config", "config.json", "--fresh", "--json"], { cwd: folder.path });
    const [accepted] = (await json("alerts", "list", "--state", "accepted")).alerts;
    expect(accepted).toMatchObject({ id: ids[1], handling: { note: "written off" } });
  });
});
