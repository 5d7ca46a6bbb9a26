import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { messageOf, raise } from "../base/errors.ts";
import type { KafkaConnectionOptions } from "../connectors/kafka/config.ts";
import { isLoopback } from "./clear-text.ts";
import { SECRET_REFERENCE, secretOf } from "./secrets.ts";

/** How a configuration says to reach the brokers: plain data, with references in the place of secrets. */
export interface KafkaConfig {
  /** `host:port` of each broker that is asked first. */
  readonly brokers: readonly string[];
  /** TLS with the machine's authorities, or with files, which are absolute. */
  readonly tls?: true | TlsFiles;
  readonly sasl?: SaslConfig;
}

/** PEM files: the authority that signed the brokers' certificates, and the client's own certificate with its key. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** How the client says who it is; secrets are references. */
export type SaslConfig =
  | {
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      readonly user: string;
      readonly password: string;
    }
  | { readonly mechanism: "OAUTHBEARER"; readonly token: string };

const text = z.string().min(1, "expected a text");

/** A secret in a configuration file: never itself. */
export const secretShape = z
  .string()
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how configuration refers to a secret
  .regex(SECRET_REFERENCE, "expected a reference such as ${env:SOME_PASSWORD}, never the secret");

/** TLS in a configuration file: with the machine's authorities, or with PEM files. */
export const tlsShape = z.union([
  z.literal(true),
  z.strictObject({ ca: text.optional(), cert: text.optional(), key: text.optional() }),
]);

const MAX_PORT = 65_535;

const brokerShape = z.string().refine((address) => Number(/^[^\s:/]+:(\d{1,5})$/.exec(address)?.[1]) <= MAX_PORT, {
  error: 'expected a broker such as "127.0.0.1:9092"',
});

/** What `kafka` may hold. */
export const kafkaShape = z
  .strictObject({
    brokers: z.array(brokerShape).min(1, "expected at least one broker"),
    tls: tlsShape.optional(),
    sasl: z
      .discriminatedUnion("mechanism", [
        z.strictObject({
          mechanism: z.enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
          user: text,
          password: secretShape,
        }),
        z.strictObject({ mechanism: z.literal("OAUTHBEARER"), token: secretShape }),
      ])
      .optional(),
  })
  .superRefine(({ brokers, tls, sasl }, context) => {
    if (sasl === undefined || tls !== undefined || sasl.mechanism.startsWith("SCRAM-")) return;
    const far = brokers.filter((broker) => !isLoopback(broker.slice(0, broker.lastIndexOf(":"))));
    if (far.length === 0) return;
    const what = sasl.mechanism === "PLAIN" ? "password" : "token";
    const message = `without \`tls\`, the ${what} would go to ${far.join(", ")} for everyone on the way to read; expected \`tls\` beside it`;
    context.addIssue({ code: "custom", path: ["sasl"], message });
  });

/** What the shape was read from, with absolute paths. */
export function kafkaConfigOf({ brokers, tls, sasl }: z.infer<typeof kafkaShape>, folder: string): KafkaConfig {
  return {
    brokers,
    ...(tls !== undefined && { tls: tlsOf(tls, folder) }),
    ...(sasl !== undefined && { sasl }),
  };
}

/** What the shape was read from, with absolute paths. */
export function tlsOf(tls: z.infer<typeof tlsShape>, folder: string): true | TlsFiles {
  if (tls === true) return tls;
  const given = Object.entries(tls).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given.map(([name, path]) => [name, resolve(folder, path)]));
}

/** The connection that a configuration names; `place` is the file, for errors. CONFIG_SECRET_MISSING, CONFIG_INVALID. */
export function connectionOf(
  { brokers, tls, sasl }: KafkaConfig,
  clientId: string,
  place: string,
): KafkaConnectionOptions {
  return {
    clientId,
    brokers,
    ...(tls !== undefined && { tls: readTls(tls, "kafka.tls", place) }),
    ...(sasl !== undefined && { sasl: readSasl(sasl, place) }),
  };
}

/** The PEM texts; `key` is where they are named in the configuration `place`, for errors. CONFIG_INVALID. */
export function readTls(
  files: true | TlsFiles,
  key: string,
  place: string,
): { ca?: string; cert?: string; key?: string } {
  if (files === true) return {};
  return Object.fromEntries(
    Object.entries(files).map(([name, path]) => {
      try {
        return [name, readFileSync(path, "utf8")];
      } catch (error) {
        return raise(
          "CONFIG_INVALID",
          { file: place, problems: `${key}.${name}: ${messageOf(error)}` },
          { cause: error },
        );
      }
    }),
  );
}

function readSasl(sasl: SaslConfig, place: string): NonNullable<KafkaConnectionOptions["sasl"]> {
  const { mechanism } = sasl;
  // Asked for again with every connection, so that one that is renewed is taken up.
  if (mechanism === "OAUTHBEARER")
    return { mechanism, token: () => secretOf(sasl.token, `kafka.sasl.token of ${place}`) };
  return { mechanism, user: sasl.user, password: secretOf(sasl.password, `kafka.sasl.password of ${place}`) };
}
