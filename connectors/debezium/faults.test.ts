import { describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { id, model, money, table, text } from "../../dataflow/model.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import {
  edited,
  InventedTable,
  type Message,
  readAll,
  replay,
  sampleSource,
  samplesOf,
  TemporaryLog,
} from "../../test/support/debezium-harness.ts";

const payment = model("Payment", {
  from: table("mariadb", "payments"),
  fields: { id: id(), merchant: id("merchant_id"), amount: money({ scale: 2 }), status: text() },
});
const status = model("Status", { from: table("mariadb", "payments"), fields: { status: text() } });
const source = sampleSource("mariadb");
const samples = samplesOf("mariadb").filter(({ topic }) => topic === "maria.shop.payments");
/** Payment 2001 is created. */
const created = samples[3]!;

type Damage = (message: Message) => Message | Promise<Message>;

const ofValue =
  (change: (value: Buffer) => Uint8Array): Damage =>
  (message) => {
    return { ...message, value: change(Buffer.from(message.value!)) };
  };
const ofKey =
  (change: (key: Buffer) => Uint8Array | null): Damage =>
  (message) => {
    return { ...message, key: change(Buffer.from(message.key!)) };
  };
const ofRow =
  (change: Record<string, unknown>): Damage =>
  (message) => {
    return edited(message, (envelope) => Object.assign(envelope.after!, change));
  };
const withId = (bytes: Buffer, schemaId: number): Buffer => {
  bytes.writeUInt32BE(schemaId, 1);
  return bytes;
};

const ROW = { row: "2001" };
const FIELDS = { fields: { Payment: { id: "2001", merchant: "2" } } };

const DAMAGES: Record<string, { damage: Damage; fault: Record<string, unknown> }> = {
  "no framing": { damage: ofValue((value) => value.fill(1, 0, 1)), fault: { code: "AVRO_NOT_FRAMED", ...ROW } },
  "fewer bytes than a frame": {
    damage: ofValue((value) => value.subarray(0, 4)),
    fault: { code: "AVRO_NOT_FRAMED", ...ROW },
  },
  "an unknown schema": { damage: ofValue((value) => withId(value, 9_999)), fault: { code: "SCHEMA_UNKNOWN", ...ROW } },
  "another record's schema": {
    damage: ofValue((value) => withId(value, 1)),
    fault: { code: "ENVELOPE_MISSING", ...ROW },
  },
  "a missing end": {
    damage: ofValue((value) => value.subarray(0, value.length - 3)),
    fault: { code: "AVRO_CORRUPT", ...ROW, ...FIELDS },
  },
  "a missing half": {
    damage: ofValue((value) => value.subarray(0, 9)),
    fault: { code: "AVRO_CORRUPT", ...ROW, fields: { Payment: { id: "2001" } } },
  },
  "bytes left over": {
    damage: ofValue((value) => Buffer.concat([value, Buffer.of(0)])),
    fault: { code: "AVRO_CORRUPT", ...ROW, ...FIELDS },
  },
  "a length beyond the end": {
    damage: ofValue((value) => value.fill(0xfe, value.indexOf("mysql-bin") - 1, value.indexOf("mysql-bin"))),
    fault: { code: "AVRO_CORRUPT", ...ROW, ...FIELDS },
  },
  "an op that does not exist": {
    damage: (message) => edited(message, (envelope) => Object.assign(envelope, { op: "x" })),
    fault: { code: "ENVELOPE_INVALID", ...ROW, ...FIELDS },
  },
  "a create without a row": {
    damage: (message) => edited(message, (envelope) => Object.assign(envelope, { after: null })),
    fault: { code: "ENVELOPE_INVALID", ...ROW },
  },
  "a time that no calendar has": {
    damage: (message) => edited(message, (envelope) => Object.assign(envelope.source, { ts_ms: 2n ** 62n })),
    fault: { code: "ENVELOPE_INVALID", ...ROW, ...FIELDS },
  },
  "no position": {
    damage: (message) => edited(message, (envelope) => Object.assign(envelope.source, { file: "" })),
    fault: { code: "ENVELOPE_INVALID", ...ROW, ...FIELDS },
  },
  "a currency that does not exist": {
    damage: ofRow({ currency: "XXQ" }),
    fault: { code: "CURRENCY_UNKNOWN", ...ROW, ...FIELDS },
  },
  "an amount past 64 bits": {
    damage: ofRow({ amount: Buffer.from("7fffffffffffffffff", "hex") }),
    fault: { code: "MONEY_OUT_OF_RANGE", ...ROW, ...FIELDS },
  },
  "no key": { damage: ofKey(() => null), fault: { code: "KEY_MISSING", ...FIELDS } },
  "a key without framing": {
    damage: ofKey((key) => key.subarray(0, 3)),
    fault: { code: "AVRO_NOT_FRAMED", ...FIELDS },
  },
  "a key that breaks off": { damage: ofKey((key) => key.subarray(0, 6)), fault: { code: "AVRO_CORRUPT", ...FIELDS } },
  "a key of an unknown schema": {
    damage: ofKey((key) => withId(key, 9_999)),
    fault: { code: "SCHEMA_UNKNOWN", ...FIELDS },
  },
};

describe("a record that cannot be used", () => {
  it.each(Object.entries(DAMAGES))("is a fault, and the only one: %s", async (_, { damage, fault }) => {
    const message = await damage(created);
    const messages = [...samples.slice(0, 3), message, ...samples.slice(4, 9)];
    const output = await replay(source, [payment, status], messages);
    expect(output.faults.length).toBe(1);
    const [found] = output.faults;
    expect(found).toMatchObject({
      id: "maria.shop.payments/0/3",
      source: "mariadb",
      table: "payments",
      offset: 3,
      ...fault,
    });
    expect(found!.row).toBe(fault.row);
    expect(found!.fields).toEqual(fault.fields);
    expect(found!.value).toEqual(new Uint8Array(message.value!));
    expect(found!.key).toEqual(message.key && new Uint8Array(message.key));
    const good = await replay(source, [payment, status], samples.slice(0, 9));
    for (const each of [payment, status]) {
      expect(output.rows(each)).toEqual(good.rows(each).filter((row) => row.$offset !== 3));
    }
  });

  it("says in the fault what to do", async () => {
    const output = await replay(source, [payment], [samples[0]!, await ofRow({ currency: "XXQ" })(created)]);
    expect(output.faults[0]!.message).toContain("currency XXQ, which is not in ISO 4217");
  });

  it("takes nothing with it, however many there are and wherever they lie", async () => {
    const good = await replay(source, [payment, status], samples);
    for (let seed = 0; seed < 20; seed++) {
      const random = seededRandom(seed);
      const damaged = new Set<number>();
      const messages: Message[] = [samples[0]!];
      for (const [i, message] of samples.entries()) {
        const isCreate =
          message.value !== null && good.rows(payment).some((row) => row.$offset === i && row.id !== null);
        if (i === 0) continue;
        const isHit = isCreate && random.chance(0.3);
        if (isHit) damaged.add(i);
        messages.push(isHit ? await random.pick(Object.values(DAMAGES)).damage(message) : message);
      }
      const output = await replay(source, [payment, status], messages);
      expect(
        output.faults.map(({ offset }) => offset).sort((a, b) => a - b),
        `seed ${seed}`,
      ).toEqual([...damaged]);
      for (const each of [payment, status]) {
        const wanted = good.rows(each).filter((row) => !damaged.has(row.$offset as number));
        expect(output.rows(each), `seed ${seed}`).toEqual(wanted);
      }
    }
  });

  it("is every record of a table whose keys have a type that no key can have", async () => {
    using log = new TemporaryLog();
    const registry = new FolderRegistry(`${log.dir}/schemas`);
    const invented = new InventedTable(registry, "floats", { id: "double" });
    log.write([await invented.message("c", { id: 1.5 })]);
    const config = sampleSource("mariadb", { tables: { floats: { topic: "floats" } } });
    const reader = log.reader(config, [], registry);
    const { faults } = await readAll(reader);
    reader.close();
    expect(faults).toMatchObject([{ code: "KEY_UNKNOWN_TYPE" }]);
    expect(faults[0]!.message).toContain("Field id of key schema 1 is double");
  });
});

describe("a model that does not suit its table", () => {
  const wrong = (fields: Parameters<typeof model>[1]["fields"]) =>
    model("Wrong", { from: table("mariadb", "payments"), fields });

  it.each([
    [
      { colour: text() },
      "MODEL_COLUMN_MISSING",
      "Field colour of model Wrong is read from column colour, which table payments does not have. It has: ",
    ],
    [
      { amount: text() },
      "MODEL_TYPE_MISMATCH",
      "column amount of table payments is bytes (org.apache.kafka.connect.data.Decimal). It can be read from string or enum",
    ],
    [
      { createdAt: money() },
      "MODEL_TYPE_MISMATCH",
      "column created_at of table payments is long (io.debezium.time.Timestamp)",
    ],
    [{ amount: money({ currencyFrom: "coin" }) }, "MODEL_COLUMN_MISSING", "column coin"],
    [{ amount: money({ currency: "EURO" }) }, "CURRENCY_UNKNOWN", "currency EURO"],
  ])("is the user's error, which names all that matters: %j", async (fields, code, message) => {
    const reading = replay(source, [wrong(fields)], samples.slice(0, 3));
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("reads a float as money only with a scale and a rounding", async () => {
    const settlements = samplesOf("mariadb").filter(({ topic }) => topic === "maria.shop.settlements");
    for (const fee of [
      money({ currency: "EUR" }),
      money({ currency: "EUR", scale: 2 }),
      money({ currency: "EUR", rounding: "up" }),
    ]) {
      const line = model("Line", { from: table("mariadb", "settlements"), fields: { fee } });
      await expect(replay(source, [line], settlements)).rejects.toMatchObject({ code: "MODEL_TYPE_MISMATCH" });
    }
  });

  it("is found before anything is read where its table or its width is the matter", () => {
    using log = new TemporaryLog();
    log.write(samples);
    const nowhere = model("Nowhere", { from: table("mariadb", "nowhere"), fields: {} });
    const wide = model("Wide", {
      from: table("mariadb", "payments"),
      fields: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`f${i}`, text("status")])),
    });
    const tables = { payments: source.tables.payments! };
    expect(() => log.reader({ ...source, tables }, [nowhere])).toThrow(
      expect.objectContaining({ code: "SOURCE_TABLE_UNKNOWN" }),
    );
    expect(() => log.reader({ ...source, tables }, [wide])).toThrow(
      expect.objectContaining({ code: "MODEL_TOO_WIDE" }),
    );
  });

  it("is told when the topic holds no envelopes at all", async () => {
    const messages = [{ ...created, value: created.key }];
    await expect(replay(source, [payment], messages)).rejects.toMatchObject({ code: "ENVELOPE_MISSING" });
  });
});
