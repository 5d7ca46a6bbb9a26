import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shopConfig } from "../../cli/shop-log.ts";
import { contractSchemas } from "../../schemas/contracts.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { countercheck, root, TemporaryFolder } from "../support/cli.ts";
import { layShopLog } from "../support/shop.ts";

const JOB = join(root, "jobs/payment-settlement");

async function shopIn(folder: TemporaryFolder): Promise<(...args: string[]) => ReturnType<typeof countercheck>> {
  await layShopLog(folder.path, 60);
  writeFileSync(join(folder.path, "c.json"), JSON.stringify(shopConfig("input", "out")));
  return (command, ...args) => countercheck(["schemas", command!, "--config", "c.json", ...args], { cwd: folder.path });
}

describe.concurrent("countercheck schemas", () => {
  it("registers the contracts, and refuses where what is there could not be read any more", async () => {
    using folder = new TemporaryFolder();
    const schemas = await shopIn(folder);
    expect((await schemas("register")).stdout).toMatch(/countercheck\.verdicts-value +\d+ +registered\n/);
    const again = await schemas("register", "--json");
    expect(JSON.parse(again.stdout).registered.map(({ outcome }: { outcome: string }) => outcome)).toEqual(
      Array(4).fill("there"),
    );
    expect((await schemas("diff", "countercheck.verdicts-value")).stdout).toBe("Nothing differs.\n");
    const { fields, ...rest } = contractSchemas.marker;
    const registry = new FolderRegistry(join(folder.path, "input/schemas"));
    const added = { name: "epoch", type: "string" };
    const others = fields.filter(({ name }: { name: string }) => name !== "epoch");
    await registry.register("countercheck.markers-value", { ...rest, fields: [...others, added] });
    const refused = await schemas("register");
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/error CONTRACT_INCOMPATIBLE.*epoch: string cannot be read as int/),
    });
    expect((await schemas("diff")).stdout).toMatch(
      /markers-value, version 2 and the contract of this countercheck: breaking\n {2}epoch was retyped/,
    );
  });

  it("says what the newest schemas mean for a job, and what came with each version", async () => {
    using folder = new TemporaryFolder();
    const schemas = await shopIn(folder);
    const checked = await schemas("check", "--job", JOB);
    expect(checked).toMatchObject({ code: 0, stderr: "" });
    expect(checked.stdout).toMatch(/^shop\.payments, version 1 to version 2: harmless\n {2}risk_score was added: /);
    const { stdout } = await schemas("diff", "--job", JOB);
    expect(stdout).toMatch(/^maria\.shop\.payments-value, version 1 to 2: harmless\n {2}risk_score was added: .*\n$/);
  });

  it("says what a planned change would suspend, with an exit code of its own", async () => {
    using folder = new TemporaryFolder();
    const schemas = await shopIn(folder);
    const registry = new FolderRegistry(join(folder.path, "input/schemas"));
    const newest = JSON.stringify((await registry.versions("maria.shop.payments-value")).at(-1)!.schema);
    const plan = (name: string, from: string, to: string) => {
      expect(newest).toContain(from);
      writeFileSync(join(folder.path, `${name}.avsc`), newest.replaceAll(from, to));
      return schemas("check", "--job", JOB, "--schema", `${name}.avsc`, "--table", "shop.payments");
    };
    expect(await plan("unread", '"name":"merchant_id"', '"name":"merchant"')).toMatchObject({ code: 0 });
    const broken = await plan("broken", '"name":"captured_at"', '"name":"taken_at"');
    expect(broken).toMatchObject({ code: 3, stderr: "" });
    expect(broken.stdout).toMatch(/^shop\.payments, version 2 to the planned schema: breaking\n/);
    expect(broken.stdout).toMatch(/captured_at was dropped: .* \(read by Payment\)/);
    expect(broken.stdout).toContain("Suspended would be: payment-settlement.");
    expect(await schemas("check", "--job", JOB, "--table", "shop.payments")).toMatchObject({ code: 2 });
    expect(await schemas("check", "--job", JOB, "--schema", "broken.avsc", "--table", "none")).toMatchObject({
      code: 2,
    });
  });

  it("remembers the new schemas that a run has met, once each", async () => {
    using folder = new TemporaryFolder();
    await shopIn(folder);
    const run = ["run", JOB, "--config", "c.json", "--quiet", "--parallelism", "2"];
    expect(await countercheck(run, { cwd: folder.path })).toMatchObject({ code: 3 });
    const { stdout } = await countercheck(["schemas", "history", "--dir", "out", "--json"], { cwd: folder.path });
    expect(JSON.parse(stdout)).toMatchObject([
      {
        source: "shop",
        table: "payments",
        class: "harmless",
        models: [],
        summary: expect.stringContaining("risk_score was added"),
      },
    ]);
  });
});
