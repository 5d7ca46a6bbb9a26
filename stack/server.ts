import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { raise } from "../base/errors.ts";
import type { Account } from "./account.ts";
import type { Launch } from "./process.ts";
import type { Ports, ServiceName } from "./services.ts";

/** Where a server is set up, and what it may know of the others. */
export interface Site {
  /** Of the whole stack: absolute, and exists. */
  readonly folder: string;
  readonly ports: Ports;
  /** Whom the databases run as; as ourselves when undefined. */
  readonly databaseAccount: Account | undefined;
  /** Told what takes long. */
  readonly onProgress: (line: string) => void;
}

/** How a server is run without Docker. */
export interface Server {
  /** The processes in the order in which they are started. */
  readonly processes: readonly string[];
  /** Downloads what is missing, writes the configuration, and makes data folders where there are none. */
  prepare(site: Site): Promise<readonly Launch[]>;
  /** True when the process of that name answers; it may also throw when it does not. */
  isReady(site: Site, process: string): Promise<boolean>;
}

/** A service's own folder for configuration and data, or one in it; made when there is none. */
export function folderOf(site: Site, service: ServiceName, ...path: string[]): string {
  const folder = join(site.folder, service, ...path);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The same, owned by whom the databases run as. Raises STACK_FOLDER_UNUSABLE when they cannot get there. */
export function databaseFolder(site: Site, service: "mariadb" | "postgres"): string {
  const folder = folderOf(site, service);
  const account = site.databaseAccount;
  if (account) {
    // Temporary folders are made for their owner alone.
    chmodSync(site.folder, 0o755);
    chownSync(folder, account.uid, account.gid);
    if (spawnSync("ls", [folder], { ...account, stdio: "ignore" }).status !== 0)
      raise("STACK_FOLDER_UNUSABLE", { folder, reason: "The databases run as nobody, who cannot get into it." });
  }
  return folder;
}

/** Lines of a properties file. */
export function properties(of: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(of)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}
