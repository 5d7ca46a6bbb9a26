import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { messageOf, raise } from "../base/errors.ts";
import { databaseAccount } from "./account.ts";
import { freePorts } from "./ports.ts";
import type { Site } from "./server.ts";
import { type Ports, type SomePorts, serviceNames, standardPorts } from "./services.ts";
import { answers } from "./tools.ts";

/** A site, and the way in which its services are run. */
export interface StackSite extends Site {
  readonly inDocker: boolean;
}

/** What a folder keeps of how it was first opened. */
interface Kept {
  readonly inDocker: boolean;
  readonly ports: Ports;
}

/**
 * Opens or makes a stack's folder; one of a version that knew fewer services gets what is missing. Raises STACK_FOLDER_UNUSABLE,
 * STACK_FOLDER_UNREADABLE.
 */
export async function openSite(options: {
  readonly folder: string;
  readonly ports: "free" | "standard";
  readonly outsideDocker?: true;
  readonly onProgress: (line: string) => void;
}): Promise<StackSite> {
  const folder = resolve(options.folder);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (process.getuid && statSync(folder).uid !== process.getuid())
    raise("STACK_FOLDER_UNUSABLE", { folder, reason: "It belongs to another user." });
  return {
    folder,
    databaseAccount: databaseAccount(),
    onProgress: options.onProgress,
    ...(await kept(folder, options.ports, options.outsideDocker ?? false)),
  };
}

/** Where `npm run stack` has its data: one folder for each user of a machine, as the standard ports are its own too. */
export function defaultFolder(): string {
  return join(tmpdir(), `countercheck-stack-${process.getuid?.() ?? "user"}`);
}

async function kept(folder: string, ports: "free" | "standard", outsideDocker: boolean): Promise<Kept> {
  const file = join(folder, "stack.json");
  const before = existsSync(file) ? readKept(file) : {};
  const choice: Kept = {
    inDocker: before.inDocker ?? (!outsideDocker && dockerAnswers()),
    ports: ports === "free" || !areStandard(before.ports) ? await freePorts(before.ports) : withStandard(before.ports),
  };
  if (!isDeepStrictEqual(before, choice)) writeFileSync(file, `${JSON.stringify(choice, undefined, 2)}\n`);
  return choice;
}

/** What some version of this file's writer knew, or a person put there: what is missing is chosen anew. STACK_FOLDER_UNREADABLE. */
function readKept(file: string): { readonly inDocker?: boolean; readonly ports?: SomePorts } {
  const unreadable = (reason: string) => raise("STACK_FOLDER_UNREADABLE", { file, reason });
  let kept: unknown;
  try {
    kept = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    return unreadable(messageOf(error).replace(/\s+/g, " "));
  }
  if (!isObject(kept)) return unreadable("It is no object");
  const { inDocker, ports = {} } = kept;
  if (inDocker !== undefined && typeof inDocker !== "boolean") return unreadable("inDocker is neither true nor false");
  const isOfPorts = (of: unknown) => isObject(of) && Object.values(of).every((port) => Number.isInteger(port));
  if (!isObject(ports) || !Object.values(ports).every(isOfPorts))
    return unreadable("ports is not an object of services, each with numbers by their names");
  return { ...(inDocker === undefined ? {} : { inDocker }), ports: ports as SomePorts };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A version that knew fewer services was opened with the standard ports if those that it knew are so. */
function areStandard(some: SomePorts = {}): boolean {
  return serviceNames.every((service) =>
    Object.entries(some[service] ?? {}).every(([name, port]) => (standardPorts[service][name] ?? port) === port),
  );
}

function withStandard(some: SomePorts = {}): Ports {
  return Object.fromEntries(serviceNames.map((name) => [name, { ...standardPorts[name], ...some[name] }])) as Ports;
}

/** True when containers can be started here. */
export function dockerAnswers(): boolean {
  return answers("docker", ["info"]) && answers("docker", ["compose", "version"]);
}
