import { type Config, readConfig } from "../config.ts";
import { masked } from "../secrets.ts";
import { printable } from "../table.ts";
import { terminal } from "../terminal.ts";
import { clusterOf } from "./cluster-config.ts";
import { FlinkApi } from "./flink-api.ts";
import { FlinkHttp } from "./flink-http.ts";

/** Which cluster a command is about, as its options say. */
export interface ClusterOptions {
  /** Of its REST API. */
  readonly cluster?: string | undefined;
  /** A configuration file, or what one says. */
  readonly config?: string | Config | undefined;
}

/** Does something with a cluster's REST API. What finding it raises, as `clusterOf` says. */
export async function withFlink<T>(
  { cluster, config }: ClusterOptions,
  work: (api: FlinkApi) => Promise<T>,
): Promise<T> {
  const read = typeof config === "string" ? readConfig(config) : config;
  const options = clusterOf({ option: cluster, config: read });
  const onRetry = (reason: string, forMs: number) =>
    terminal.note(printable(masked(`${options.url} does not answer (${reason}): it is asked for ${forMs / 1_000} s`)));
  const http = new FlinkHttp({ ...options, onRetry });
  try {
    return await work(new FlinkApi(http));
  } finally {
    http.close();
  }
}
