import { raise } from "../../base/errors.ts";
import type { AlertSink } from "../../connectors/alerts/notification.ts";
import { isInTheClear } from "../../connectors/alerts/webhook/http-post.ts";
import { WebhookSink } from "../../connectors/alerts/webhook/webhook-sink.ts";
import { SECRET_REFERENCE, secretOf } from "../secrets.ts";
import type { SinkConfig } from "./notify-config.ts";

/**
 * A sink as it is configured; nothing is reached for yet. `file` is the configuration, for errors. CONFIG_SECRET_MISSING,
 * CONFIG_SECRET_UNREADABLE; CONFIG_INVALID for an address in a secret that is none, or in the clear.
 */
export function openSink(config: SinkConfig, file: string): AlertSink {
  const { name, to, timeoutMs } = config;
  const place = `notify.${name}.${to.kind}`;
  const url = addressOf(to.url, to.allowHttp, place, file);
  const secret = secretOf(to.secret, `${place}.secret of ${file}`);
  return new WebhookSink({ sink: name, url, secret, timeoutMs, now: Date.now });
}

function addressOf(url: string, allowHttp: boolean, place: string, file: string): string {
  if (!SECRET_REFERENCE.test(url)) return url;
  const address = secretOf(url, `${place}.url of ${file}`);
  const problem = (says: string) => raise("CONFIG_INVALID", { file, problems: `${place}.url: ${says}` });
  if (!URL.canParse(address) || !/^https?:/.test(address)) problem("the secret is no URL that begins with https://");
  if (!allowHttp && isInTheClear(address)) problem("everyone on the way could read it; expected https://");
  return address;
}
