import { describe, expect, it } from "vitest";
import { messageOf } from "../base/errors.ts";
import { isInTheClear, isLoopback } from "./clear-text.ts";
import { kafkaShape } from "./kafka-config.ts";
import { restOf } from "./open-hbase.ts";
import { openRegistry } from "./open-registry.ts";

process.env.PASSWORD_OF_CLEAR_TEXT_TEST = "s3cret";
// biome-ignore lint/suspicious/noTemplateCurlyInString: this is how configuration refers to a secret
const secret = "${env:PASSWORD_OF_CLEAR_TEXT_TEST}";

it("knows this machine by its names", () => {
  expect(["localhost", "LocalHost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"].filter(isLoopback)).toHaveLength(6);
  expect(["127.example.com", "localhost.example.com", "10.0.0.1", "::2", "kafka"].filter(isLoopback)).toEqual([]);
});

it("what is sent is in the clear where it is neither https nor on this machine", () => {
  expect(isInTheClear("http://hooks.example.com/x")).toBe(true);
  expect(isInTheClear("http://127.0.0.1.example.com/x")).toBe(true);
  expect(isInTheClear("https://hooks.example.com/x")).toBe(false);
  for (const host of ["127.0.0.1:8080", "localhost", "[::1]:1"]) expect(isInTheClear(`http://${host}/`)).toBe(false);
});

describe("a password", () => {
  const auth = { user: "ada", password: secret };
  const uses = [
    ["registry", (url: string) => openRegistry({ url, auth }, "config.json")],
    ["snapshots.hbase", (url: string) => restOf({ url, auth, table: "t" }, "config.json")],
  ] as const;

  it.each(uses)("goes to another machine by https only (%s)", (place, open) => {
    for (const url of ["https://far.example/x", "http://127.0.0.1:8081", "http://localhost", "http://[::1]:80"])
      expect(() => open(url)).not.toThrow();
    expect(() => open("http://far.example:8081/x")).toThrow(`config.json cannot be used: ${place}.auth: by http://`);
    expect(() => open("http://far.example")).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  const plain = { mechanism: "PLAIN", user: "ada", password: secret };
  const scram = { ...plain, mechanism: "SCRAM-SHA-512" };
  const bearer = { mechanism: "OAUTHBEARER", token: secret };

  it.each([plain, bearer])("goes to brokers elsewhere by TLS only ($mechanism)", (sasl) => {
    const brokers = ["127.0.0.1:9092", "far.example:9092"];
    const { error } = kafkaShape.safeParse({ brokers, sasl });
    expect(error?.issues).toMatchObject([{ path: ["sasl"], message: expect.stringContaining("far.example:9092") }]);
    expect(kafkaShape.safeParse({ brokers, sasl, tls: true }).success).toBe(true);
    expect(kafkaShape.safeParse({ brokers: ["localhost:9092"], sasl }).success).toBe(true);
  });

  it("is not sent by SCRAM, which needs no TLS for that", () => {
    expect(kafkaShape.safeParse({ brokers: ["far.example:9092"], sasl: scram }).success).toBe(true);
  });
});

it("a broker's port is one", () => {
  const problems = kafkaShape.safeParse({ brokers: ["kafka:99999"] });
  expect(messageOf(problems.error)).toContain("expected a broker such as");
});
