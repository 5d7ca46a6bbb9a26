import { describe, expect, it } from "vitest";
import { raise } from "../../base/errors.ts";
import { id, model, money, table, text } from "../../dataflow/model.ts";
import type { AvroSchema } from "../../schemas/decoder.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import {
  type Message,
  Recorder,
  readAll,
  replay,
  sampleRegistry,
  sampleSource,
  samplesOf,
  TemporaryLog,
} from "../../test/support/debezium-harness.ts";

const payment = model("Payment", {
  from: table("mariadb", "payments"),
  fields: { id: id(), merchant: id("merchant_id"), amount: money({ scale: 2 }), status: text() },
});
const source = sampleSource("mariadb");
const samples = samplesOf("mariadb").filter(({ topic }) => topic === "maria.shop.payments");
/** Payment 2001 is created. */
const created = samples[3]!;

const withId = (bytes: Buffer, schemaId: number): Buffer => {
  bytes.writeUInt32BE(schemaId, 1);
  return bytes;
};

describe("a registry that does not answer", () => {
  it("stops the split, which then goes on with the same records", async () => {
    using log = new TemporaryLog();
    log.write(samples);
    let failures = 2;
    const real = sampleRegistry();
    const registry = {
      async schemaById(schemaId: number): Promise<AvroSchema> {
        if (schemaId === 24 && failures-- > 0)
          raise("REGISTRY_UNAVAILABLE", { registry: "r", request: "x", reason: "down" });
        return real.schemaById(schemaId);
      },
    };
    const tables = { payments: source.tables.payments! };
    const reader = log.reader({ ...source, tables }, [payment], registry);
    const output = new Recorder();
    for (let i = 0; i < 2; i++) {
      await expect(reader.read(0, 1 << 20, output)).rejects.toMatchObject({ code: "REGISTRY_UNAVAILABLE" });
      expect([reader.position(0), reader.endOffset(0, 0), output.events]).toEqual([0, samples.length, []]);
    }
    await readAll(reader, 1 << 20, output);
    expect(reader.position(0)).toBe(samples.length);
    reader.close();
    expect(output.rows(payment)).toEqual((await replay(source, [payment], samples)).rows(payment));
  });
});

describe("a registry without the schemas of a topic", () => {
  const tables = { payments: source.tables.payments! };
  /** The sample registry, less some ids. */
  const registryWithout = (...ids: number[]) => ({
    async schemaById(schemaId: number): Promise<AvroSchema> {
      if (ids.includes(schemaId)) raise("SCHEMA_UNKNOWN", { id: schemaId, registry: "other" });
      return sampleRegistry().schemaById(schemaId);
    },
  });
  const idsOf = (messages: readonly Message[]) => [
    ...new Set(
      messages.flatMap(({ key, value }) => [key, value].flatMap((b) => (b ? [Buffer.from(b).readUInt32BE(1)] : []))),
    ),
  ];

  it("is the user's error, and takes no record: the right one reads them all", async () => {
    using log = new TemporaryLog();
    log.write(samples);
    let registry = registryWithout(...idsOf(samples));
    const delegate = { schemaById: (schemaId: number) => registry.schemaById(schemaId) };
    const reader = log.reader({ ...source, tables }, [payment], delegate);
    const output = new Recorder();
    for (let i = 0; i < 2; i++) {
      await expect(reader.read(0, 1 << 20, output)).rejects.toMatchObject({
        code: "REGISTRY_HAS_NO_SCHEMA",
        fault: "user",
        retryable: false,
        details: {
          topic: "maria.shop.payments",
          ids: idsOf(samples)
            .sort((a, b) => a - b)
            .join(", "),
          registry: "other",
        },
      });
      expect([reader.position(0), output.events]).toEqual([0, []]);
    }
    registry = registryWithout();
    await readAll(reader, 1 << 20, output);
    reader.close();
    expect(output.faults).toEqual([]);
    expect(output.rows(payment)).toEqual((await replay(source, [payment], samples)).rows(payment));
  });

  it("is told from a folder that is gone, which may come back", async () => {
    using log = new TemporaryLog();
    log.write(samples);
    const reader = log.reader({ ...source, tables }, [payment], new FolderRegistry(`${log.dir}/gone`));
    await expect(reader.read(0, 1 << 20, new Recorder())).rejects.toMatchObject({
      code: "REGISTRY_UNAVAILABLE",
      retryable: true,
    });
    reader.close();
  });

  it("that has one of them is the right one: the other records are faults", async () => {
    const [keyId, valueId] = idsOf([created]) as [number, number];
    const output = await replay(source, [payment], [created], registryWithout(valueId));
    expect(output.faults).toMatchObject([{ code: "SCHEMA_UNKNOWN", row: "2001" }]);
    const keyless = await replay(source, [payment], [created], registryWithout(keyId));
    expect(keyless.faults).toMatchObject([{ code: "SCHEMA_UNKNOWN" }]);
  });

  it("that was the right one stays it, whatever a later chunk refers to", async () => {
    using log = new TemporaryLog();
    log.write([created]);
    const reader = log.reader({ ...source, tables }, [payment]);
    const output = await readAll(reader);
    const stray = { ...created, key: withId(Buffer.from(created.key!), 9_998) };
    log.write([{ ...stray, value: withId(Buffer.from(created.value!), 9_999) }]);
    await readAll(reader, 1 << 20, output);
    reader.close();
    expect(output.faults).toMatchObject([{ code: "SCHEMA_UNKNOWN", offset: 1 }]);
  });
});
