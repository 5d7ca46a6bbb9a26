import { describe, expect, it } from "vitest";
import { captureStatements, connectorTemplate, filledConfig } from "./connector-config.ts";

describe.each(["mariadb", "postgresql"] as const)("the configuration for %s", (kind) => {
  it("names secrets and places by reference only", () => {
    const {
      "database.password": password,
      "database.hostname": host,
      "topic.prefix": prefix,
    } = connectorTemplate(kind);
    for (const value of [password, host, prefix]) expect(value).toMatch(/^\$\{env:[A-Z_]+\}$/);
  });

  it("captures the table that its heartbeats are written to", () => {
    const { "table.include.list": tables, "heartbeat.action.query": query } = connectorTemplate(kind);
    const written = /INTO (\S+)/.exec(query!)![1]!;
    expect(tables!.split(",")).toContain(written);
  });

  it("has statements for its heartbeat and signal tables, without comments", () => {
    const statements = captureStatements(kind);
    expect(statements.filter((text) => text.startsWith("CREATE TABLE IF NOT EXISTS"))).toHaveLength(2);
    expect(statements.join("\n")).not.toContain("--");
    expect(statements.join("\n")).not.toContain(";");
  });
});

const reference = (name: string) => `\${env:${name}}`;

describe("filledConfig", () => {
  it("fills references within texts", () => {
    const template = { tables: `${reference("DB")}.payments,${reference("DB")}.refunds` };
    expect(filledConfig(template, { DB: "shop" })).toEqual({ tables: "shop.payments,shop.refunds" });
  });

  it("says which variable is not set, and where it is wanted", () => {
    const fill = () => filledConfig({ "database.password": reference("SHOP_DB_PASSWORD") }, {});
    expect(fill).toThrow(expect.objectContaining({ code: "CONFIG_SECRET_MISSING" }));
    expect(fill).toThrow(/database\.password.*SHOP_DB_PASSWORD/);
  });
});
