import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { codecNumber } from "../../connectors/kafka/codecs.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import { hasJava, JavaOracle, runJava } from "./java-oracle.ts";
import { hasKcat } from "./kcat.ts";
import { randomRecords, readAll, shown } from "./oracle-records.ts";

const { brokers } = inject("servers").kafka;
const seed = randomUUID();
const cluster = new KafkaCluster({ clientId: "reading-test", brokers });

/** One that keeps records for ever: a broker would drop those with old times within minutes. */
async function newTopic(): Promise<string> {
  const settings = { "retention.ms": "-1" };
  const { name } = await ensureTopic(cluster, { name: `oracle.reading.${randomUUID()}`, partitions: 1, settings });
  return name;
}

afterAll(() => cluster.close());

describe.skipIf(!hasJava)(`what Kafka's own client writes is read byte for byte (seed ${seed})`, () => {
  let java: JavaOracle;

  beforeAll(async () => {
    java = await JavaOracle.start(brokers);
  });
  afterAll(() => java.stop());

  it.each(Object.keys(codecNumber))("with compression %s", async (compression) => {
    const topic = await newTopic();
    const records = randomRecords(`${seed} ${compression}`, 400);
    await java.open("plain", compression);
    await java.send("plain", topic, records);
    await java.close("plain");
    expect(shown(await readAll(cluster, topic))).toEqual(shown(records));
  });

  it("in transactions of two producers that interleave, some aborted, over many fetches", async () => {
    const topic = await newTopic();
    const producers = ["one", "other"];
    const committed: ReturnType<typeof randomRecords>[] = [];
    for (const name of producers) await java.open(name, "lz4", `${topic}.${name}`);
    for (let round = 0; round < 6; round++) {
      for (const name of producers) await java.begin(name);
      const written = new Map(producers.map((name) => [name, [] as ReturnType<typeof randomRecords>]));
      for (let part = 0; part < 4; part++) {
        for (const name of producers) {
          const records = randomRecords(`${seed} ${round} ${part} ${name}`, 60);
          await java.send(name, topic, records);
          await java.flush(name);
          written.get(name)!.push(...records);
        }
      }
      for (const [i, name] of producers.entries()) {
        const isCommitted = (round + i) % 3 !== 0;
        await (isCommitted ? java.commit(name) : java.abort(name));
        if (isCommitted) committed.push(written.get(name)!);
      }
    }
    for (const name of producers) await java.close(name);
    const read = await readAll(cluster, topic);
    expect(shown(read).toSorted()).toEqual(shown(committed.flat()).toSorted());
    expect(read).toEqual(await java.read(topic));
  });

  it("when a transaction that is aborted spans more than one fetch", async () => {
    const topic = await newTopic();
    const large = (text: string) => ({ key: null, value: Buffer.alloc(700_000, text), timestamp: 1, headers: [] });
    await java.open("large", "none", topic);
    await java.begin("large");
    await java.send(
      "large",
      topic,
      Array.from({ length: 12 }, () => large("aborted")),
    );
    await java.abort("large");
    await java.begin("large");
    await java.send("large", topic, [large("committed")]);
    await java.commit("large");
    await java.close("large");
    expect((await readAll(cluster, topic)).map(({ value }) => String(value).slice(0, 9))).toEqual(["committed"]);
  });

  it("from the console producer and the verifiable producer", async () => {
    const topic = await newTopic();
    const server = ["--bootstrap-server", brokers.join()];
    const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`);
    await runJava("org.apache.kafka.tools.ConsoleProducer", [...server, "--topic", topic], `${lines.join("\n")}\n`);
    const numbers = ["--topic", topic, "--max-messages", "100"];
    await runJava("org.apache.kafka.tools.VerifiableProducer", [...server, ...numbers]);
    const expected = [...lines, ...Array.from({ length: 100 }, (_, i) => `${i}`)];
    expect((await readAll(cluster, topic)).map(({ value }) => String(value))).toEqual(expected);
  });
});

describe("what other clients write is read byte for byte", () => {
  it.skipIf(!hasKcat).each(["none", "gzip", "snappy", "lz4", "zstd"])("kcat with compression %s", async (codec) => {
    const topic = await newTopic();
    const lines = Array.from({ length: 200 }, (_, i) => `${i % 7 === 0 ? "" : `key ${i}`}:value ${i}`);
    const args = ["-P", "-b", brokers.join(), "-t", topic, "-K:", "-z", codec, "-Z", "-H", "a=1", "-H", "a=2"];
    expect(spawnSync("kcat", args, { input: lines.join("\n") }).status).toBe(0);
    const read = await readAll(cluster, topic);
    expect(read.map(({ key, value }) => `${key ?? ""}:${value}`)).toEqual(lines);
    expect(read[0]!.headers).toEqual([1, 2].map((n) => ({ name: "a", value: Buffer.from(`${n}`) })));
  });

  it("kafkajs in transactions", async () => {
    const topic = await newTopic();
    const client = new Kafka({ clientId: "oracle", brokers: [...brokers], logLevel: logLevel.NOTHING });
    const producer = client.producer({
      transactionalId: topic,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    for (const word of ["first", "aborted", "last"]) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ key: word, value: word, headers: { h: ["1", "2"] } }] });
      await (word === "aborted" ? transaction.abort() : transaction.commit());
    }
    await producer.disconnect();
    const read = await readAll(cluster, topic);
    expect(read.map(({ key, value }) => `${key} ${value}`)).toEqual(["first first", "last last"]);
    expect(read[0]!.headers.map(({ name, value }) => `${name}=${value}`)).toEqual(["h=1", "h=2"]);
  });
});
