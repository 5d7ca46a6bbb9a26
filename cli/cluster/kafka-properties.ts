import { assert } from "../../base/errors.ts";
import type { KafkaConfig, SaslConfig, TlsFiles } from "../kafka-config.ts";

/** Properties of Kafka's Java clients, by their names. Secrets and certificates are references, looked up where Flink runs. */
export type KafkaProperties = Readonly<Record<string, string>>;

/** A broker lets a transaction be open for no longer, unless it is told otherwise. */
const MOST_TRANSACTION_MS = 900_000;

/** Properties of the clients that read; `group` is what lag is shown for. */
export function readingProperties(kafka: KafkaConfig, group: string): KafkaProperties {
  return { ...connectionProperties(kafka), "group.id": group, "isolation.level": "read_committed" };
}

/** Properties of the clients that write. What a broken-off transaction held is lost when its time is over: so it is long. */
export function writingProperties(kafka: KafkaConfig): KafkaProperties {
  return {
    ...connectionProperties(kafka),
    "transaction.timeout.ms": String(MOST_TRANSACTION_MS),
    "compression.type": "lz4",
  };
}

function connectionProperties({ brokers, tls, sasl }: KafkaConfig): KafkaProperties {
  const security = (sasl === undefined ? "" : "SASL_") + (tls === undefined ? "PLAINTEXT" : "SSL");
  return {
    "bootstrap.servers": brokers.join(","),
    ...(security !== "PLAINTEXT" && { "security.protocol": security }),
    ...(tls !== undefined && tls !== true && tlsProperties(tls)),
    ...(sasl !== undefined && saslProperties(sasl)),
  };
}

/** PEM, as texts that are looked up in the files. */
function tlsProperties({ ca, cert, key }: TlsFiles): KafkaProperties {
  return {
    ...(ca !== undefined && { "ssl.truststore.type": "PEM", "ssl.truststore.certificates": textOf(ca) }),
    ...(cert !== undefined && { "ssl.keystore.type": "PEM", "ssl.keystore.certificate.chain": textOf(cert) }),
    ...(key !== undefined && { "ssl.keystore.key": textOf(key) }),
  };
}

function textOf(path: string): string {
  return `\${file:${path}}`;
}

function saslProperties(sasl: SaslConfig): KafkaProperties {
  const { mechanism } = sasl;
  assert(sasl.mechanism !== "OAUTHBEARER", "a way to log in that goes to the cluster");
  const module = mechanism === "PLAIN" ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
  return {
    "sasl.mechanism": mechanism,
    "sasl.jaas.config": loginOf(module, { username: sasl.user, password: sasl.password }),
  };
}

/** A line of JAAS; what replaces the references in it is quoted there in the same way. */
function loginOf(module: string, options: Readonly<Record<string, string>>): string {
  const given = Object.entries(options).map(([name, value]) => `${name}="${value.replace(/["\\]/g, "\\$&")}"`);
  return `org.apache.kafka.common.security.${module} required ${given.join(" ")};`;
}
