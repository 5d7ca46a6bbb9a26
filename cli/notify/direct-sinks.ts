import { readFileSync } from "node:fs";
import { messageOf, raise } from "../../base/errors.ts";
import type { AlertSink } from "../../connectors/alerts/notification.ts";
import { SlackSink } from "../../connectors/alerts/slack/slack-sink.ts";
import { type ActingTurn, WebhookSink } from "../../connectors/alerts/webhook/webhook-sink.ts";
import { isInTheClear } from "../clear-text.ts";
import { SECRET_REFERENCE, secretOf } from "../secrets.ts";
import type { Destination, EmailDestination, KafkaDestination } from "./destinations.ts";
import { LazySink } from "./lazy-sink.ts";
import type { SinkConfig } from "./notify-config.ts";

/** A sink that needs no client of brokers. */
export interface DirectSinkConfig extends Pick<SinkConfig, "name" | "timeoutMs"> {
  readonly to: Exclude<Destination, KafkaDestination>;
}

/** What a sink is opened with. */
export interface OpeningSink {
  /** The configuration, for errors. */
  readonly file: string;
  /** Of a sink that acts. */
  readonly turn?: ActingTurn | undefined;
  /** The text of a certificate's file. Default: reads the file. */
  readonly readCertificate?: (path: string) => string;
}

/**
 * A sink as it is configured; nothing is reached for yet. One that acts does so in its `turn`. CONFIG_SECRET_MISSING,
 * CONFIG_SECRET_UNREADABLE; CONFIG_INVALID for an address in a secret that is none, or in the clear, and for a certificate
 * that cannot be read.
 */
export function openDirectSink({ name, to, timeoutMs }: DirectSinkConfig, opening: OpeningSink): AlertSink {
  const { file, turn } = opening;
  const place = `notify.${name}.${to.kind}`;
  switch (to.kind) {
    case "webhook": {
      const secret = secretOf(to.secret, `${place}.secret of ${file}`);
      const url = addressOf(to, place, file);
      return new WebhookSink({ sink: name, url, secret, timeoutMs, now: Date.now, turn: to.acts && turn });
    }
    case "slack":
      return new SlackSink({ sink: name, url: addressOf(to, place, file), timeoutMs });
    case "email":
      return openEmail(name, to, timeoutMs, place, opening);
  }
}

/** The mail client is loaded with the first mail: other runs need not wait for it. */
function openEmail(
  sink: string,
  to: EmailDestination,
  timeoutMs: number,
  place: string,
  { file, readCertificate = (path) => readFileSync(path, "utf8") }: OpeningSink,
): AlertSink {
  const { kind: _, auth, ca: path, ...server } = to;
  const password = auth && secretOf(auth.password, `${place}.auth.password of ${file}`);
  const ca = path === undefined ? undefined : certificate(() => readCertificate(path), place, file);
  const login = auth && { auth: { user: auth.user, password: password! } };
  return new LazySink(2, async () => {
    const { EmailSink } = await import("../../connectors/alerts/email/email-sink.ts");
    return new EmailSink({ sink, ...server, ...login, ...(ca !== undefined && { ca }), timeoutMs });
  });
}

function certificate(read: () => string, place: string, file: string): string {
  try {
    return read();
  } catch (error) {
    return raise("CONFIG_INVALID", { file, problems: `${place}.ca: ${messageOf(error)}` }, { cause: error });
  }
}

/** The address, which may be in a secret; `place` is where it is in the configuration `file`. As `openDirectSink`. */
export function addressOf(
  { url, allowHttp }: { readonly url: string; readonly allowHttp: boolean },
  place: string,
  file: string,
): string {
  if (!SECRET_REFERENCE.test(url)) return url;
  const address = secretOf(url, `${place}.url of ${file}`);
  const problem = (says: string) => raise("CONFIG_INVALID", { file, problems: `${place}.url: ${says}` });
  if (!URL.canParse(address) || !/^https?:/.test(address)) problem("the secret is no URL that begins with https://");
  if (!allowHttp && isInTheClear(address)) problem("everyone on the way could read it; expected https://");
  return address;
}
