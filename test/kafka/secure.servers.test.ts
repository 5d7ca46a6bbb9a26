import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import type { KafkaConnectionOptions } from "../../connectors/kafka/config.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import { TransactionalProducer } from "../../connectors/kafka/transactions.ts";
import { hasJava } from "./java-oracle.ts";
import { readAll } from "./oracle-records.ts";
import { password, type SecureBroker, startSecureBroker, user } from "./secure-broker.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

describe.skipIf(!hasJava || !hasOpenssl)("a broker that speaks TLS and asks who one is", () => {
  let broker: SecureBroker;

  beforeAll(async () => {
    broker = await startSecureBroker();
  });
  afterAll(() => broker?.stop());

  async function roundTrip(options: Omit<KafkaConnectionOptions, "clientId">): Promise<void> {
    const cluster = new KafkaCluster({ clientId: "secure-test", ...options });
    try {
      const topic = `secure.${randomUUID()}`;
      await ensureTopic(cluster, { name: topic, partitions: 1 });
      const producer = await TransactionalProducer.open(cluster, { transactionalId: topic });
      await producer.commit([{ topic, key: Buffer.from("k"), value: Buffer.from("v"), timestamp: Date.now() }]);
      expect((await readAll(cluster, topic)).map(({ value }) => String(value))).toEqual(["v"]);
    } finally {
      await cluster.close();
    }
  }

  it.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)(
    "lets in who knows the password (%s)",
    async (mechanism) => {
      const tls = { ca: broker.ca };
      await roundTrip({ brokers: [broker.sasl], tls, sasl: { mechanism, user, password } });
      const wrong = { brokers: [broker.sasl], tls, sasl: { mechanism, user, password: "wrong-password" } };
      const error = await roundTrip(wrong).catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ code: "KAFKA_AUTHENTICATION_FAILED" });
      expect(`${error}`).not.toContain("wrong-password");
    },
  );

  it("lets in who has a token, and not one that has run out", async () => {
    const brokers = [broker.sasl];
    const tls = { ca: broker.ca };
    const now = Math.floor(Date.now() / 1000);
    const sasl = (expires: number) => ({
      mechanism: "OAUTHBEARER" as const,
      token: () => unsignedToken(now - 60, expires),
    });
    await roundTrip({ brokers, tls, sasl: sasl(now + 600) });
    await expect(roundTrip({ brokers, tls, sasl: sasl(now - 30) })).rejects.toMatchObject({
      code: "KAFKA_AUTHENTICATION_FAILED",
    });
  });

  it("lets in who shows a certificate of its authority", async () => {
    const { ca, cert, key, mutualTls } = broker;
    await roundTrip({ brokers: [mutualTls], tls: { ca, cert, key } });
    await expect(roundTrip({ brokers: [mutualTls], tls: { ca } })).rejects.toMatchObject({
      code: expect.stringMatching(/KAFKA_TLS_FAILED|KAFKA_UNAVAILABLE/),
    });
  });

  it("is not trusted by who does not know its authority, nor spoken to in the clear", async () => {
    const sasl = { mechanism: "PLAIN" as const, user, password };
    const brokers = [broker.sasl];
    await expect(roundTrip({ brokers, tls: {}, sasl })).rejects.toMatchObject({ code: "KAFKA_TLS_FAILED" });
    await expect(roundTrip({ brokers, sasl })).rejects.toMatchObject({
      code: expect.stringMatching(/KAFKA_TLS_FAILED|KAFKA_UNAVAILABLE/),
    });
  });
});

/** A token as the broker takes it without further configuration: not signed. */
function unsignedToken(issued: number, expires: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ sub: user, iat: issued, exp: expires, scope: [] })}.`;
}
