import { z } from "zod";
import { parseDecimal } from "../../base/money.ts";
import { isInTheClear } from "../../connectors/alerts/webhook/http-post.ts";
import { parseDuration } from "../duration.ts";
import { secretShape } from "../kafka-config.ts";
import { SECRET_REFERENCE } from "../secrets.ts";

/** Somebody who is told of alerts: where, of which, and how patiently. Times in ms. */
export interface SinkConfig extends RouteConfig {
  readonly name: string;
  readonly to: Destination;
  /** For one attempt. */
  readonly timeoutMs: number;
  readonly giveUpAfterMs: number;
  readonly storm: StormConfig;
}

/** More alerts of one check than that, opened within that time, are told as one. */
export interface StormConfig {
  readonly moreThan: number;
  readonly withinMs: number;
}

/** Where a sink is; secrets are references. */
export type Destination = {
  readonly kind: "webhook";
  readonly url: string;
  readonly secret: string;
  readonly allowHttp: boolean;
};

/** Which news a sink gets; what is left out is not narrowed. */
export interface RouteConfig {
  readonly about: "money" | "engine";
  readonly checks?: readonly string[] | undefined;
  readonly classes?: readonly string[] | undefined;
  readonly actions?: readonly string[] | undefined;
  /** By currency, as decimal text; other currencies are not narrowed. */
  readonly minAtRisk?: Readonly<Record<string, string>> | undefined;
}

/** What can happen to an alert. */
const ACTIONS = ["warned", "opened", "updated", "resolved", "reopened", "returned"] as const;

const text = z.string().min(1, "expected a text");
const duration = z
  .string()
  .refine((value) => (parseDuration(value) ?? 0) > 0, 'expected a duration such as "10s" or "24h"')
  .transform((value) => parseDuration(value)!);

/** An address that may itself be a secret; then it is a reference. */
const urlShape = z
  .string()
  .refine(
    (value) => SECRET_REFERENCE.test(value) || (URL.canParse(value) && /^https?:/.test(value)),
    `expected a URL that begins with https://, or a reference such as $${"{env:HOOK_URL}"}`,
  );

const webhookShape = z
  .strictObject({ url: urlShape, secret: secretShape, allowHttp: z.boolean().default(false) })
  .refine(({ url, allowHttp }) => allowHttp || SECRET_REFERENCE.test(url) || !isInTheClear(url), {
    path: ["url"],
    message: "everyone on the way could read it; expected https://, or `allowHttp` beside it",
  });

const sinkShape = z.strictObject({
  about: z.enum(["money", "engine"]).default("money"),
  checks: z.array(text).min(1).optional(),
  classes: z.array(text).min(1).optional(),
  actions: z.array(z.enum(ACTIONS)).min(1).optional(),
  minAtRisk: z
    .record(
      z.string().regex(/^[A-Z]{3}$/, "expected a currency such as EUR"),
      z.string().refine((value) => parseDecimal(value) !== null, 'expected an amount such as "100.00"'),
    )
    .optional(),
  timeout: duration.prefault("10s"),
  giveUpAfter: duration.prefault("24h"),
  storm: z.strictObject({ moreThan: z.int().min(1).default(20), within: duration.prefault("5m") }).prefault({}),
  webhook: webhookShape.optional(),
});

/** What `notify` may hold: sinks by their names. */
export const notifyShape = z.record(
  z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, "expected a name of letters, digits, dashes and underscores"),
  sinkShape.refine(
    (sink) => DESTINATIONS.filter((kind) => sink[kind] !== undefined).length === 1,
    "expected exactly one of `webhook`",
  ),
);

const DESTINATIONS = ["webhook"] as const;

/** What the shape was read from. */
export function sinkConfigsOf(notify: z.infer<typeof notifyShape>): SinkConfig[] {
  return Object.entries(notify).map(([name, sink]) => {
    const { webhook, timeout, giveUpAfter, storm, ...route } = sink;
    return {
      ...route,
      name,
      to: { kind: "webhook", ...webhook! },
      timeoutMs: timeout,
      giveUpAfterMs: giveUpAfter,
      storm: { moreThan: storm.moreThan, withinMs: storm.within },
    };
  });
}
