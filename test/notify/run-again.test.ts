import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { countercheck, root, TemporaryFolder } from "../support/cli.ts";
import { HookListener } from "../support/hook-listener.ts";
import { layShopLog } from "../support/shop.ts";

const JOB = join(root, "jobs/payment-settlement");

it.each([undefined, { moreThan: 10_000 }])(
  "a run over the same log tells nobody twice of its alerts (storm %o)",
  async (storm) => {
    using folder = new TemporaryFolder();
    await using hook = await HookListener.open();
    await layShopLog(folder.path, 400);
    const config = join(folder.path, "config.json");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how configuration refers to a secret
    const ops = { webhook: { url: hook.url, secret: "${env:HOOK_SECRET}" }, ...(storm && { storm }) };
    writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, "utf8")), notify: { ops } }));
    const run = async () => {
      const args = ["run", JOB, "--config", config, "--json"];
      const { code, stdout } = await countercheck(args, { env: { HOOK_SECRET: "a secret of the hook" } });
      expect(code).toBe(3);
      return JSON.parse(stdout);
    };
    const first = await run();
    const told = hook.calls.length;
    expect(told).toBeGreaterThan(storm === undefined ? 0 : 20);
    expect(first.notifications.sent).toBe(told);
    const again = await run();
    expect(again).toMatchObject({ alerts: first.alerts, notifications: {} });
    expect(hook.calls.length).toBe(told);
  },
);
