import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { raise } from "../base/errors.ts";
import type { Backend, ServiceStatus } from "./backend.ts";
import { DockerBackend } from "./docker.ts";
import { type Endpoints, endpointsOf } from "./endpoints.ts";
import { LocalBackend } from "./local.ts";
import { type ServiceName, serviceNames, services } from "./services.ts";
import { openSite, type StackSite } from "./site.ts";

/** What `openStack` and `startStack` take. */
export interface StackOptions {
  /** Where data, logs and pid files are. `startStack` makes one that `close` removes when it is given none. */
  readonly folder: string;
  /** `standard` are those of the table. A folder keeps the ports that it was first opened with. */
  readonly ports?: "free" | "standard";
  /** Not in Docker, where it answers: for who looks at the processes and files of the servers, as a folder was first opened. */
  readonly outsideDocker?: true;
  /** Told in short lines what is going on; silent when not given. */
  readonly onProgress?: (line: string) => void;
}

/** A set of servers that belong together. Its data and ports stay what they are over stops, kills and restarts. */
export interface Stack extends Endpoints {
  readonly folder: string;
  /** Starts services and those that they depend on, side by side where they can be, and waits until all are ready. */
  start(...names: ServiceName[]): Promise<void>;
  /** Stops these, and only these; all when none is named. */
  stop(...names: ServiceName[]): Promise<void>;
  restart(name: ServiceName): Promise<void>;
  /**
   * `kill -9`, of all its members or of one: what the service had acknowledged is there again when it is started. A start
   * brings back what is missing.
   */
  kill(name: ServiceName, member?: string): Promise<void>;
  status(): Promise<readonly ServiceStatus[]>;
  /** Stops all, and removes the folder when `startStack` made it. */
  close(): Promise<void>;
}

/**
 * The stack in a folder, running or not; starts nothing. With Docker where an engine answers, else from Maven Central and
 * Debian packages.
 */
export async function openStack(options: StackOptions): Promise<Stack> {
  const site = await openSite({ ports: "standard", onProgress: () => undefined, ...options });
  return stackOf(site, site.inDocker ? new DockerBackend(site) : new LocalBackend(site));
}

/**
 * A stack with these services started. Unlike what `openStack` starts, it ends with this process, however that ends.
 * Raises STACK_ errors, with all of it stopped again.
 */
export async function startStack(
  options: Partial<StackOptions> & { readonly services: readonly ServiceName[] },
): Promise<Stack> {
  const { services: names, ...rest } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "countercheck-stack-"));
  const isOurs = options.folder === undefined;
  const stack = await openStack({ ...rest, folder });
  const guard = guardOver(folder, isOurs);
  const close = async () => {
    await stack.close();
    guard.kill("SIGKILL");
    if (isOurs) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await stack.start(...names);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...stack, close };
}

/** The names, checked. Raises STACK_SERVICE_UNKNOWN. */
export function asServiceNames(names: readonly string[]): ServiceName[] {
  return names.map((name) => {
    const known = serviceNames.find((service) => service === name);
    return known ?? raise("STACK_SERVICE_UNKNOWN", { service: name, services: serviceNames.join(", ") });
  });
}

function stackOf(site: StackSite, backend: Backend): Stack {
  const stop = async (...names: ServiceName[]) => {
    const wanted = names.length > 0 ? names : serviceNames;
    // Who depends on others goes first.
    const order = wanted.toSorted((one, other) => depthOf(other) - depthOf(one));
    for (const depth of new Set(order.map(depthOf)))
      await Promise.all(order.filter((name) => depthOf(name) === depth).map((name) => backend.stop(name)));
  };
  const start = (...names: ServiceName[]) => startInOrder(backend, names);
  return {
    ...endpointsOf(site.ports, site.inDocker),
    folder: site.folder,
    start,
    stop,
    restart: async (name) => {
      await stop(name);
      await start(name);
    },
    kill: (name, member) => backend.kill(name, member),
    status: () => Promise.all(serviceNames.map((name) => backend.status(name))),
    close: async () => {
      await stop();
      await backend.remove();
    },
  };
}

/** Each service waits for its own dependencies only. When some fail the others are still waited for. */
async function startInOrder(backend: Backend, names: readonly ServiceName[]): Promise<void> {
  const begun = new Map<ServiceName, Promise<void>>();
  const begin = (name: ServiceName): Promise<void> => {
    const started = begun.get(name) ?? Promise.all(services[name].dependsOn.map(begin)).then(() => backend.start(name));
    begun.set(name, started);
    return started;
  };
  const outcomes = await Promise.allSettled(names.map(begin));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

/** How many services must run before it, one after the other. */
function depthOf(name: ServiceName): number {
  return Math.max(0, ...services[name].dependsOn.map((other) => depthOf(other) + 1));
}

/** A process that stops the stack when this one is gone: even after a kill nothing is left behind. */
function guardOver(folder: string, isOurs: boolean): ChildProcess {
  const args = [join(import.meta.dirname, "guard.ts"), folder, ...(isOurs ? ["--remove"] : [])];
  const guard = spawn(process.execPath, args, { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return guard;
}
