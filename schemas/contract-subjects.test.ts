import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RESULT_TOPICS, registerContracts, registerEach } from "./contract-subjects.ts";
import { contractSchemas } from "./contracts.ts";
import { FolderRegistry } from "./folder-registry.ts";

let folder: string;
let registry: FolderRegistry;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-contracts-"));
  registry = new FolderRegistry(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the contracts in a registry", () => {
  it("have ids by topic, the same when they are registered again", async () => {
    const ids = await registerContracts(registry, "countercheck.");
    expect(Object.keys(ids)).toEqual(Object.keys(RESULT_TOPICS));
    for (const [topic, id] of Object.entries(ids)) {
      const contract = RESULT_TOPICS[topic as keyof typeof RESULT_TOPICS];
      expect(await registry.schemaById(id)).toEqual(contractSchemas[contract]);
    }
    expect(await registerContracts(registry, "countercheck.")).toEqual(ids);
  });

  it("tell what is new: first, next, there", async () => {
    const { fields, ...rest } = contractSchemas.verdict;
    await registry.register("c.verdicts-value", {
      ...rest,
      fields: fields.filter(({ name }: { name: string }) => name !== "epoch"),
    });
    await registry.register("c.markers-value", contractSchemas.marker);
    const registered = await registerEach(registry, "c.");
    expect(registered.map(({ subject, outcome }) => `${subject} ${outcome}`)).toEqual([
      "c.verdicts-value next",
      "c.alerts-value first",
      "c.dead-letters-value first",
      "c.markers-value there",
    ]);
    expect((await registry.versions("c.verdicts-value")).map(({ version }) => version)).toEqual([1, 2]);
  });

  it("are refused where a version that is there could not be read, with the field and the reason; nothing is registered", async () => {
    const { fields, ...rest } = contractSchemas.marker;
    const others = fields.filter(({ name }: { name: string }) => !["checkpoint", "attempt"].includes(name));
    const checkpoint = { name: "checkpoint", type: "string" };
    await registry.register("c.markers-value", { ...rest, fields: [...others, checkpoint] });
    await expect(registerContracts(registry, "c.")).rejects.toMatchObject({
      code: "CONTRACT_INCOMPATIBLE",
      details: { reasons: expect.stringContaining("Marker.attempt is not written and has no default") },
    });
    expect(await registry.versions("c.verdicts-value")).toEqual([]);
  });
});
