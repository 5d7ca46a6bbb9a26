import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { jarsOf } from "../../stack/jars.ts";
import { freePorts, HOST } from "../../stack/ports.ts";
import { properties } from "../../stack/server.ts";
import { writeLogging } from "../../stack/servers/kafka.ts";
import { tool } from "../../stack/tools.ts";

/** A user that the broker knows under every mechanism. */
export const user = "alice";
export const password = "no secret: $1";

/** A broker that speaks only TLS to clients, and asks who they are. */
export interface SecureBroker {
  /** Asks for SASL. */
  readonly sasl: string;
  /** Asks for a certificate. */
  readonly mutualTls: string;
  /** PEM texts: the authority's, and a certificate that it issued, with its key. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  stop(): Promise<void>;
}

/** Started from the stack's jars, in a folder that `stop` removes. */
export async function startSecureBroker(): Promise<SecureBroker> {
  const folder = mkdtempSync(join(tmpdir(), "countercheck-secure-broker-"));
  makeCertificates(folder);
  const { kafka, registry, connect } = await freePorts();
  const [sasl, mutualTls] = [`${HOST}:${kafka.broker}`, `${HOST}:${registry.http}`];
  const controller = `${HOST}:${kafka.controller}`;
  const internal = `${HOST}:${connect.http}`;
  const configuration = join(folder, "server.properties");
  writeFileSync(configuration, properties(settings(folder, { sasl, mutualTls, controller, internal })));
  const logging = writeLogging(folder);
  const jars = await jarsOf("kafka", () => undefined);
  const java = ["-Xmx384m", "-XX:TieredStopAtLevel=1", `-Dlog4j2.configurationFile=${logging}`, "-cp", join(jars, "*")];
  const scram = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
    "--add-scram",
    `${mechanism}=[name="${user}",password="${password}"]`,
  ]);
  const format = ["kafka.tools.StorageTool", "format", "-t", "c2VjdXJlLWJyb2tlci0wMQ", "-c", configuration, ...scram];
  execFileSync(tool("java"), [...java, ...format], { stdio: "ignore" });
  const broker = spawn(tool("java"), [...java, "kafka.Kafka", configuration], { stdio: ["ignore", "pipe", "ignore"] });
  await started(broker);
  const text = (name: string) => readFileSync(join(folder, name), "utf8");
  const stop = async () => {
    const ended = new Promise((resolve) => broker.once("close", resolve));
    broker.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { sasl, mutualTls, ca: text("ca.crt"), cert: text("node.crt"), key: text("node.key"), stop };
}

function settings(folder: string, at: { sasl: string; mutualTls: string; controller: string; internal: string }) {
  const login = (mechanism: string, module: string, options = "") => ({
    [`listener.name.sasl.${mechanism}.sasl.jaas.config`]: `org.apache.kafka.common.security.${module} required${options};`,
  });
  const clients = `SASL://${at.sasl},MUTUAL://${at.mutualTls},INTERNAL://${at.internal}`;
  return {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@${at.controller}`,
    listeners: `${clients},CONTROLLER://${at.controller}`,
    "advertised.listeners": clients,
    "listener.security.protocol.map": "SASL:SASL_SSL,MUTUAL:SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "INTERNAL",
    "log.dirs": join(folder, "data"),
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": join(folder, "node.pem"),
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": join(folder, "ca.crt"),
    "listener.name.mutual.ssl.client.auth": "required",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
    ...login("plain", "plain.PlainLoginModule", ` user_${user}="${password}"`),
    ...login("scram-sha-256", "scram.ScramLoginModule"),
    ...login("scram-sha-512", "scram.ScramLoginModule"),
    ...login("oauthbearer", "oauthbearer.OAuthBearerLoginModule", ' unsecuredLoginStringClaim_sub="broker"'),
  };
}

/** An authority, and one certificate that it issued for the broker's address, which clients show too. */
function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
  openssl(...request, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test authority");
  const issuer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-addext", `subjectAltName=IP:${HOST}`];
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
  openssl(...request, "-keyout", "node.key", "-out", "node.crt", "-subj", "/CN=node", ...issuer, ...leaf);
  const parts = ["node.key", "node.crt"].map((name) => readFileSync(join(folder, name), "utf8"));
  writeFileSync(join(folder, "node.pem"), parts.join(""));
}

async function started(broker: ChildProcess): Promise<void> {
  for await (const line of createInterface({ input: broker.stdout! }))
    if (line.includes("Kafka Server started")) {
      broker.stdout!.resume();
      return;
    }
  throw new Error("the broker ended before it was ready");
}
