import { isLoopback } from "../clear-text.ts";
import type { Config } from "../config.ts";

/** A warning where brokers or the registry are said to be on this machine, and the cluster is on another. */
export function loopbackWarning(url: string, config: Config): string | undefined {
  if (isLoopback(new URL(url).hostname)) return undefined;
  const brokers = config.results?.kafka.brokers ?? [];
  const near = brokers.filter((broker) => isLoopback(broker.slice(0, broker.lastIndexOf(":"))));
  if ("url" in config.registry && isLoopback(new URL(config.registry.url).hostname)) near.push(config.registry.url);
  if (near.length === 0) return undefined;
  return `${near.join(", ")}: that is this machine to us, and another to the cluster at ${url}, which reads the same configuration.`;
}
