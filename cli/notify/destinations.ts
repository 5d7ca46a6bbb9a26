import { resolve } from "node:path";
import { z } from "zod";
import { isInTheClear, isLoopback } from "../clear-text.ts";
import { type KafkaConfig, secretShape } from "../kafka-config.ts";
import { SECRET_REFERENCE } from "../secrets.ts";

/** Where a sink is; secrets are references. */
export type Destination = WebhookDestination | SlackDestination | EmailDestination | KafkaDestination;

/** An address, which may be a reference itself. */
export interface WebhookDestination {
  readonly kind: "webhook";
  readonly url: string;
  readonly secret: string;
  readonly allowHttp: boolean;
  /** It does something, and so must be sent by one process at a time. */
  readonly acts?: true | undefined;
}

/** An incoming webhook of Slack, or of what takes the same. */
export interface SlackDestination {
  readonly kind: "slack";
  readonly url: string;
  readonly allowHttp: boolean;
}

/** A mail server, and who writes to whom. */
export interface EmailDestination {
  readonly kind: "email";
  readonly host: string;
  readonly port: number;
  readonly security: "starttls" | "tls" | "none";
  readonly auth?: { readonly user: string; readonly password: string };
  /** Path of a PEM file, absolute. */
  readonly ca?: string;
  readonly from: string;
  readonly to: readonly string[];
}

/** A topic of the brokers that the configuration names. */
export interface KafkaDestination {
  readonly kind: "kafka";
  readonly kafka: KafkaConfig;
  readonly topic: string;
}

const text = z.string().min(1, "expected a text");

/** An address that may itself be a secret; then it is a reference. */
const urlShape = z
  .string()
  .refine(
    (value) => SECRET_REFERENCE.test(value) || (URL.canParse(value) && /^https?:/.test(value)),
    `expected a URL that begins with https://, or a reference such as $${"{env:HOOK_URL}"}`,
  );

const address = { url: urlShape, allowHttp: z.boolean().default(false) };
const isSafe = ({ url, allowHttp }: { url: string; allowHttp: boolean }) =>
  allowHttp || !URL.canParse(url) || !isInTheClear(url);
const inTheClear = {
  path: ["url"],
  message: "everyone on the way could read it; expected https://, or `allowHttp` beside it",
};

/** `Name <name@example.com>`, or the address alone. */
const mailbox = z
  .string()
  .regex(/^[^\r\n<>@,;:"]*<?[^\s<>@,;:"]+@[^\s<>@,;:"]+>?$/, 'expected an address such as "ops@example.com"');

const PORTS = { starttls: 587, tls: 465, none: 25 } as const;

/** What the keys may hold of which a sink has one. */
export const destinationShapes = {
  webhook: z
    .strictObject({ ...address, secret: secretShape, acts: z.literal(true).optional() })
    .refine(isSafe, inTheClear)
    .optional(),
  slack: z.strictObject(address).refine(isSafe, inTheClear).optional(),
  email: z
    .strictObject({
      host: text,
      port: z.int().min(1).max(65_535).optional(),
      security: z.enum(["starttls", "tls", "none"]).default("starttls"),
      auth: z.strictObject({ user: text, password: secretShape }).optional(),
      ca: text.optional(),
      from: mailbox,
      to: z.array(mailbox).min(1, "expected at least one address"),
    })
    .refine(({ host, security, auth }) => security !== "none" || auth === undefined || isLoopback(host), {
      path: ["security"],
      message: 'everyone on the way could read the password; expected "starttls" or "tls"',
    })
    .optional(),
  kafka: z
    .strictObject({ topic: z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, "expected the name of a topic") })
    .optional(),
};

const given = z.object(destinationShapes);

/** The kinds of sinks. */
export const DESTINATIONS = ["webhook", "slack", "email", "kafka"] as const;

/** What the shapes were read from, one of them, with absolute paths; `kafka` is there where a sink needs it. */
export function destinationOf(
  { webhook, slack, email, kafka: topic }: z.infer<typeof given>,
  kafka: KafkaConfig | undefined,
  folder: string,
): Destination {
  if (webhook !== undefined) return { kind: "webhook", ...webhook };
  if (slack !== undefined) return { kind: "slack", ...slack };
  if (email === undefined) return { kind: "kafka", kafka: kafka!, topic: topic!.topic };
  const { host, port, security, auth, ca, from, to } = email;
  return {
    kind: "email",
    ...{ host, port: port ?? PORTS[security], security, from, to },
    ...(auth && { auth }),
    ...(ca !== undefined && { ca: resolve(folder, ca) }),
  };
}
