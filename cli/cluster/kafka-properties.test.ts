import { expect, it } from "vitest";
import { readingProperties, writingProperties } from "./kafka-properties.ts";

/** How a configuration, and Flink's side of the job, refer to a secret or a file. */
const reference = (what: string) => `\${${what}}`;
const PASSWORD = reference("env:KAFKA_PASSWORD");
const FILE = reference("file:/run/secret");
const brokers = ["a:9092", "b:9092"];

it("brokers in the clear need no more than their addresses", () => {
  expect(readingProperties({ brokers }, "ours.refunds")).toEqual({
    "bootstrap.servers": "a:9092,b:9092",
    "group.id": "ours.refunds",
    "isolation.level": "read_committed",
  });
  expect(writingProperties({ brokers })).toMatchObject({ "transaction.timeout.ms": "900000" });
});

it("certificates and secrets stay references", () => {
  const tls = { ca: "/tls/ca.pem", cert: "/tls/us.pem", key: "/tls/us.key" };
  const sasl = { mechanism: "SCRAM-SHA-512", user: 'o"ps', password: PASSWORD } as const;
  expect(writingProperties({ brokers, tls, sasl })).toMatchObject({
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.jaas.config": `org.apache.kafka.common.security.scram.ScramLoginModule required username="o\\"ps" password="${PASSWORD}";`,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": reference("file:/tls/ca.pem"),
    "ssl.keystore.type": "PEM",
    "ssl.keystore.certificate.chain": reference("file:/tls/us.pem"),
    "ssl.keystore.key": reference("file:/tls/us.key"),
  });
});

it("TLS with the machine's authorities is TLS", () => {
  const sasl = { mechanism: "PLAIN", user: "ops", password: FILE } as const;
  expect(readingProperties({ brokers, tls: true, sasl }, "g")).toMatchObject({ "security.protocol": "SASL_SSL" });
  expect(readingProperties({ brokers, tls: true }, "g")).toMatchObject({ "security.protocol": "SSL" });
  expect(readingProperties({ brokers, sasl }, "g")).toMatchObject({
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required username="ops" password="${FILE}";`,
  });
});
