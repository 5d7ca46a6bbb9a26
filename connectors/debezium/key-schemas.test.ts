import { expect, it } from "vitest";
import { id, model, table } from "../../dataflow/model.ts";
import {
  Recorder,
  sampleRegistry,
  sampleSource,
  samplesOf,
  TemporaryLog,
} from "../../test/support/debezium-harness.ts";

const payment = model("Payment", { from: table("mariadb", "payments"), fields: { id: id() } });
const source = sampleSource("mariadb");
const tables = { payments: source.tables.payments! };
const payments = samplesOf("mariadb").filter(({ topic }) => topic === "maria.shop.payments");
const refund = samplesOf("mariadb").find(({ topic }) => topic === "maria.shop.refunds")!;

/** A payment whose key has another schema than those before, of another integer. */
const rekeyed = { ...payments[3]!, key: Buffer.concat([refund.key!.subarray(0, 5), payments[3]!.key!.subarray(5)]) };

it("takes no record of a second key schema: rows come by other partitions with it", async () => {
  using log = new TemporaryLog();
  log.write(payments.slice(0, 3));
  log.write([rekeyed]);
  const { versions: _, ...registry } = forwarding();
  const reader = log.reader({ ...source, tables }, [payment], registry);
  const output = new Recorder();
  await expect(reader.read(0, 1, output)).resolves.toBe(true);
  await expect(reader.read(0, 1 << 20, output)).rejects.toMatchObject({
    code: "ROWS_MOVE",
    details: { topic: "maria.shop.payments", source: "mariadb", reason: "its keys have more than one schema" },
  });
  expect(reader.position(0)).toBe(3);
  reader.close();
});

it("knows of an earlier key schema that only other partitions hold, where the registry tells", async () => {
  using log = new TemporaryLog();
  log.write([rekeyed]);
  const registry = {
    ...forwarding(),
    versions: async () => [1, 2].map((version) => ({ version, id: version, schema: "int" })),
  };
  const reader = log.reader({ ...source, tables }, [payment], registry);
  await expect(reader.read(0, 1 << 20, new Recorder())).rejects.toMatchObject({ code: "ROWS_MOVE" });
  reader.close();
});

function forwarding() {
  const real = sampleRegistry();
  return {
    schemaById: (schemaId: number) => real.schemaById(schemaId),
    versions: (subject: string) => real.versions(subject),
  };
}
