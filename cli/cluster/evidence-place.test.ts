import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { requireEvidencePlace } from "./evidence-place.ts";

let server: Server | undefined;
afterEach(() => server?.close());

/** What an HBase REST server says to who asks for the schema of a table; gives its address. */
async function hbase(status: number, body: unknown): Promise<string> {
  server = createServer((_, response) => response.writeHead(status).end(JSON.stringify(body))).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const look = (url: string) => {
  return requireEvidencePlace({ snapshots: { hbase: { url, table: "evidence" } }, file: "mine.json" });
};

describe("the table of evidence, before a job is submitted", () => {
  it("is refused where it is missing", async () => {
    const url = await hbase(404, "org.apache.hadoop.hbase.TableNotFoundException: evidence");
    await expect(look(url)).rejects.toMatchObject({
      code: "SNAPSHOTS_TABLE_MISSING",
      message: expect.stringContaining("countercheck snapshots create-table"),
    });
  });

  it("is refused where it was not made for evidence", async () => {
    const url = await hbase(200, { name: "evidence", ColumnSchema: [{ name: "other" }] });
    await expect(look(url)).rejects.toMatchObject({ code: "SNAPSHOTS_TABLE_UNFIT" });
  });

  it("is left to the cluster where this machine does not reach it", { timeout: 20_000 }, async () => {
    expect(await look("http://127.0.0.1:1")).toMatch(
      /was not looked at\. .*ECONNREFUSED.* The job stops taking rows in/,
    );
  });
});
