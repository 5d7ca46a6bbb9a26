import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AvroSchema } from "./avro-schema.ts";
import { FolderRegistry } from "./folder-registry.ts";

const samples = fileURLToPath(new URL("../test/fixtures/cdc-samples", import.meta.url));
const note = (field: string): AvroSchema => ({
  type: "record",
  name: "Note",
  fields: [{ name: field, type: "string" }],
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "registry-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a folder registry", () => {
  it("gives ids from 1, and an equal schema the id that it has", async () => {
    const registry = new FolderRegistry(join(folder, "new"));
    expect(await registry.register("a-value", note("x"))).toBe(1);
    expect(await registry.register("a-value", note("y"))).toBe(2);
    expect(await registry.register("b-value", note("x"))).toBe(1);
    expect(await registry.register("a-value", note("x"))).toBe(1);
    expect(JSON.parse(readFileSync(join(folder, "new", "subjects.json"), "utf8"))).toEqual({
      "a-value": [
        { version: 1, id: 1 },
        { version: 2, id: 2 },
      ],
      "b-value": [{ version: 1, id: 1 }],
    });
    expect(readdirSync(join(folder, "new")).sort()).toEqual(["1.json", "2.json", "subjects.json"]);
  });

  it("is read by another one, which gives the same object every time", async () => {
    await new FolderRegistry(folder).register("a", note("x"));
    const other = new FolderRegistry(folder);
    expect(await other.schemaById(1)).toEqual(note("x"));
    expect(await other.schemaById(1)).toBe(await other.schemaById(1));
  });

  it("goes on where subjects.json lies beside the schemas", async () => {
    cpSync(samples, folder, { recursive: true });
    const registry = new FolderRegistry(join(folder, "schemas"));
    expect(await registry.register("pg.public.payments-key", note("x"))).toBe(36);
    const subjects = JSON.parse(readFileSync(join(folder, "subjects.json"), "utf8"));
    expect(subjects["pg.public.payments-key"]).toEqual([
      { version: 1, id: 2 },
      { version: 2, id: 36 },
    ]);
    expect(Object.keys(subjects)).toHaveLength(12);
  });

  it("says which id it does not have", async () => {
    await expect(new FolderRegistry(folder).schemaById(7)).rejects.toMatchObject({
      code: "SCHEMA_UNKNOWN",
      retryable: false,
      details: { id: 7, registry: folder },
    });
  });

  it("is unavailable, which may pass, where its folder is gone or no folder; what was read before stays", async () => {
    const gone = join(folder, "gone");
    const unavailable = { code: "REGISTRY_UNAVAILABLE", retryable: true, details: { registry: gone } };
    await expect(new FolderRegistry(gone).schemaById(1)).rejects.toMatchObject(unavailable);
    const registry = new FolderRegistry(gone);
    await registry.register("a", note("x"));
    expect(await registry.schemaById(1)).toEqual(note("x"));
    rmSync(gone, { recursive: true });
    expect(await registry.schemaById(1)).toEqual(note("x"));
    await expect(registry.schemaById(2)).rejects.toMatchObject(unavailable);
    writeFileSync(gone, "");
    await expect(registry.schemaById(2)).rejects.toMatchObject(unavailable);
    rmSync(gone);
    await registry.register("a", note("y"));
    await expect(registry.schemaById(7)).rejects.toMatchObject({ code: "SCHEMA_UNKNOWN" });
  });

  it("refuses a schema that is none, and a file that is no JSON", async () => {
    const registry = new FolderRegistry(folder);
    await expect(registry.register("a", { type: "rekord" })).rejects.toMatchObject({ code: "AVRO_SCHEMA_INVALID" });
    writeFileSync(join(folder, "1.json"), "{");
    await expect(registry.schemaById(1)).rejects.toMatchObject({ code: "REGISTRY_INVALID" });
  });
});
