import { serviceNames } from "../../stack/services.ts";
import { dockerAnswers } from "../../stack/site.ts";
import { missingTools } from "../../stack/tools.ts";

/** Why Flink cannot be had here, in one line; undefined when it can. It runs outside of Docker, and Maven builds the bridge to it. */
export function whyNoFlink(): string | undefined {
  const missing = missingTools(["kafka", "flink", "flink-ha", "zookeeper"]);
  return missing && `No Flink here: there is no ${missing.tools}. \`${missing.install}\` brings it.`;
}

/** Why the real servers cannot be had here, in one line; undefined when they can. */
export function whyNoServers(): string | undefined {
  const missing = missingTools(serviceNames);
  if (missing === undefined || dockerAnswers()) return undefined;
  return `No real servers here: neither Docker answers, nor is there ${missing.tools}. \`${missing.install}\` brings it.`;
}
