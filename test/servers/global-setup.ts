import type { TestProject } from "vitest/node";
import type { Endpoints } from "../../stack/endpoints.ts";
import { usualServices } from "../../stack/services.ts";
import { startStack } from "../../stack/stack.ts";
import { expectServers } from "./expect-servers.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /**
     * The real servers, all of the usual ones, empty when the run began. Tests share them: they take names of their own for topics,
     * tables and connectors, and leave the servers running. A test that stops or kills one starts a stack of its own.
     */
    readonly servers: Endpoints & { readonly folder: string };
  }
}

/** Starts the real servers for the tests of a run, and stops them behind it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  expectServers();
  const stack = await startStack({
    services: usualServices,
    ports: "free",
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  const { folder, kafka, registry, connect, mariadb, postgres, hbase, redis, flink, flinkHa } = stack;
  project.provide("servers", { folder, kafka, registry, connect, mariadb, postgres, hbase, redis, flink, flinkHa });
  return stack.close;
}
