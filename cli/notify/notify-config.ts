import { z } from "zod";
import { parseDecimal } from "../../base/money.ts";
import { parseDuration } from "../duration.ts";
import type { KafkaConfig } from "../kafka-config.ts";
import { DESTINATIONS, type Destination, destinationOf, destinationShapes } from "./destinations.ts";

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
  ...destinationShapes,
});

/** What `notify` may hold: sinks by their names. */
export const notifyShape = z.record(
  z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, "expected a name of letters, digits, dashes and underscores"),
  sinkShape.refine(
    (sink) => DESTINATIONS.filter((kind) => sink[kind] !== undefined).length === 1,
    `expected exactly one of ${DESTINATIONS.map((kind) => `\`${kind}\``).join(", ")}`,
  ),
);

/** What the shape was read from, with absolute paths; `kafka` is there where a sink needs it. */
export function sinkConfigsOf(
  notify: z.infer<typeof notifyShape>,
  kafka: KafkaConfig | undefined,
  folder: string,
): SinkConfig[] {
  return Object.entries(notify).map(([name, sink]) => {
    const { about, checks, classes, actions, minAtRisk, timeout, giveUpAfter, storm } = sink;
    return {
      ...{ name, about, checks, classes, actions, minAtRisk },
      to: destinationOf(sink, kafka, folder),
      timeoutMs: timeout,
      giveUpAfterMs: giveUpAfter,
      storm: { moreThan: storm.moreThan, withinMs: storm.within },
    };
  });
}
