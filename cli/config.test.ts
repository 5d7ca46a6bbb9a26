import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { messageOf } from "../base/errors.ts";
import { readConfig } from "./config.ts";
import { shopConfig } from "./shop-log.ts";

describe("a configuration", () => {
  const dir = mkdtempSync(join(tmpdir(), "countercheck-config-"));
  const file = join(dir, "config.json");
  afterAll(() => rmSync(dir, { recursive: true }));

  const valid = shopConfig("log", "out");
  const withShop = (changes: object) => ({ ...valid, sources: { shop: { ...valid.sources.shop, ...changes } } });
  const problemOf = (config: object): string => {
    writeFileSync(file, JSON.stringify(config));
    try {
      readConfig(file);
      return "";
    } catch (error) {
      return messageOf(error);
    }
  };

  it("may begin with a byte order mark", () => {
    writeFileSync(file, `\uFEFF${JSON.stringify(valid)}`);
    expect(readConfig(file).output).toBe(join(dir, "out"));
  });

  it.each([
    [{}, ""],
    [
      { heartbeat: { table: "refunds", topic: "beat" } },
      "sources.shop.heartbeat.table: expected a table of its own, but refunds is one of `tables` too",
    ],
    [
      { heartbeat: { table: "beat", topic: "maria.shop.refunds" } },
      "sources.shop.heartbeat.topic: expected a topic of its own, but maria.shop.refunds is the topic of refunds too",
    ],
    [
      { tables: { a: { topic: "t" }, b: { topic: "t" } } },
      "sources.shop.tables.b.topic: expected a topic of its own, but t is the topic of a too",
    ],
  ])("binds each table of a source to a topic of its own: %j", (changes, says) => {
    expect(problemOf(withShop(changes))).toContain(says);
  });

  it.each(["ftp://registry", "file:///schemas", "javascript:1"])("takes no registry at %s", (url) => {
    expect(problemOf({ ...valid, registry: { url } })).toContain("registry.url: expected a URL that begins with http");
  });

  it("takes a registry by http and https", () => {
    for (const url of ["http://localhost:8081", "https://registry.example/path"])
      expect(problemOf({ ...valid, registry: { url } })).toBe("");
  });
});
