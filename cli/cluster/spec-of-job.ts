import { readFileSync } from "node:fs";
import { messageOf, raise } from "../../base/errors.ts";
import type { ResultTopic } from "../../schemas/contract-subjects.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import type { Config, RegistryConfig } from "../config.ts";
import type { ChildRegistry, ChildSpec, ChildSplit } from "./child-spec.ts";

/** What a child's specification is made of besides the configuration. */
export interface SpecRequest {
  readonly job: string;
  readonly epoch: number;
  readonly config: Config;
  readonly splits: readonly ChildSplit[];
  /** Names of the sinks, by number. */
  readonly sinks: readonly string[];
  readonly contracts: Readonly<Record<ResultTopic, number>>;
  /** Folder of the embedded savepoint that the job begins from. */
  readonly savepoint: string | undefined;
  readonly allowDroppedState: boolean;
  /** Folder of profiles, on the TaskManagers. */
  readonly profile?: string | undefined;
}

/** What the Node children of a job must know. REGISTRY_UNAVAILABLE; CONFIG_INVALID for a certificate that cannot be read. */
export function specOfJob(request: SpecRequest): ChildSpec {
  const { job, epoch, config, splits, sinks, contracts, savepoint, allowDroppedState, profile } = request;
  const read = new Set(splits.map(({ source }) => source));
  return {
    version: 1,
    job,
    epoch,
    configFile: config.file,
    sources: config.sources
      .filter(({ name }) => read.has(name))
      .map(({ input: _input, connector: _connector, database: _database, ...source }) => source),
    splits,
    registry: registryOf(config.registry),
    contracts,
    sinks,
    ...(config.mask && { mask: config.mask }),
    retainMs: config.retainMs,
    ...(config.staleAfterMs !== undefined && { staleAfterMs: config.staleAfterMs }),
    ...(config.snapshots && { snapshots: config.snapshots }),
    notify: config.notify,
    certificates: certificatesOf(config),
    memoryBytes: config.state.memoryBytes,
    ...(savepoint !== undefined && { savepoint: { folder: savepoint } }),
    allowDroppedState,
    ...(profile !== undefined && { profile }),
  };
}

/** A folder's schemas go along, since a TaskManager has no such folder. */
function registryOf(registry: RegistryConfig): ChildRegistry {
  return "folder" in registry ? new FolderRegistry(registry.folder).contents() : registry;
}

function certificatesOf({ notify, file }: Config): Record<string, string> {
  const paths = notify.flatMap(({ name, to }) =>
    to.kind === "email" && to.ca !== undefined ? [{ name, path: to.ca }] : [],
  );
  return Object.fromEntries(
    paths.map(({ name, path }) => {
      try {
        return [path, readFileSync(path, "utf8")];
      } catch (error) {
        const problems = `notify.${name}.email.ca: ${messageOf(error)}`;
        return raise("CONFIG_INVALID", { file, problems }, { cause: error });
      }
    }),
  );
}
