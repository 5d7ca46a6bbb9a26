import { describe, expect, it } from "vitest";
import { restOf } from "./open-hbase.ts";

const hbase = { url: "https://hbase.internal:8080", table: "snapshots" };

describe("how HBase is reached", () => {
  it("takes the password from where a reference points", () => {
    process.env.HBASE_PASSWORD_OF_TEST = "s3cret";
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how configuration refers to a secret
    const auth = { user: "ada", password: "${env:HBASE_PASSWORD_OF_TEST}" };
    const credentials = { user: "ada", password: "s3cret" };
    expect(restOf({ ...hbase, auth }, "config.json")).toEqual({ url: hbase.url, credentials });
  });

  it("refuses an address with a password in it, without printing it", () => {
    const url = "https://ada:s3cret@hbase.internal:8080";
    expect(() => restOf({ ...hbase, url }, "config.json")).toThrow(/config\.json.*snapshots\.hbase\.url/);
    expect(() => restOf({ ...hbase, url }, "config.json")).not.toThrow(/s3cret/);
  });
});
