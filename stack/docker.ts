import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { isError, messageOf, raise } from "../base/errors.ts";
import type { Backend, ServiceStatus } from "./backend.ts";
import { tailOf } from "./process.ts";
import type { Site } from "./server.ts";
import { membersOf, type Ports, type ServiceName, services, standardPorts } from "./services.ts";

const run = promisify(execFile);

/** Runs the services as containers: a thin layer over `docker compose` with the file at the project's root. */
export class DockerBackend implements Backend {
  readonly #site: Site;
  readonly #project: string;

  constructor(site: Site) {
    this.#site = site;
    this.#project = projectOf(site);
  }

  async start(name: ServiceName): Promise<void> {
    const began = Date.now();
    this.#site.onProgress(`${name}: starting ${services[name].version} in Docker …`);
    const limit = ["--wait-timeout", String(services[name].readyWithinS + 600)];
    try {
      await this.#compose("up", "--detach", "--wait", ...limit, "--no-deps", ...membersOf(name));
    } catch (error) {
      const reason = isError(error, "STACK_DOCKER_FAILED") ? String(error.details.reason) : messageOf(error);
      const tail = await this.#compose("logs", "--tail", "15", ...membersOf(name)).catch(() => "");
      raise("STACK_START_FAILED", { service: name, reason, log: `docker compose logs ${name}`, tail: tailOf(tail) });
    }
    this.#site.onProgress(`${name}: ready after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }

  async stop(name: ServiceName): Promise<void> {
    await this.#compose("stop", "--timeout", String(services[name].stopWithinS), ...membersOf(name));
  }

  async kill(name: ServiceName, member?: string): Promise<void> {
    await this.#compose("kill", ...(member === undefined ? membersOf(name) : [member]));
  }

  async status(name: ServiceName): Promise<ServiceStatus> {
    const members = membersOf(name);
    const running = containers(await this.#compose("ps", "--format", "json", ...members));
    const healthy = running.filter(({ Health }) => Health === "healthy");
    return {
      name,
      version: services[name].version,
      state: running.length === 0 ? "stopped" : healthy.length === members.length ? "ready" : "starting",
      ports: this.#site.ports[name],
      pids: [],
      members: {},
      memoryMb: undefined,
    };
  }

  /** The data of a stack on the standard ports stays in its volumes, as it stays in a folder without Docker. */
  async remove(): Promise<void> {
    const volumes = isStandard(this.#site.ports) ? [] : ["--volumes"];
    await this.#compose("down", ...volumes);
  }

  async #compose(...args: string[]): Promise<string> {
    const file = join(import.meta.dirname, "..", "docker-compose.yml");
    const all = ["compose", "--file", file, "--project-name", this.#project, ...PROFILES, ...args];
    try {
      const env = { ...process.env, ...portVariables(this.#site.ports) };
      return (await run("docker", all, { env, maxBuffer: 1 << 24 })).stdout;
    } catch (error) {
      const said = (error as { stderr?: string }).stderr?.trim();
      return raise(
        "STACK_DOCKER_FAILED",
        { command: args.join(" "), reason: said || messageOf(error) },
        { cause: error },
      );
    }
  }
}

/** Together they have every service. */
const PROFILES = ["all", "flink", "flink-ha"].flatMap((name) => ["--profile", name]);

/** What `ps` prints of those that run: a JSON object a line, or, before Compose 2.21, one array. */
function containers(output: string): readonly { readonly Health?: string }[] {
  const text = output.trim();
  return JSON.parse(text.startsWith("[") ? text : `[${text.replaceAll("\n", ",")}]`);
}

/** The variables by which `docker-compose.yml` is told its ports, such as KAFKA_BROKER_PORT. */
export function portVariables(ports: Partial<Ports>): Record<string, string> {
  const entries = Object.entries(ports).flatMap(([service, its]) =>
    Object.entries(its).map(([name, port]) => [variable(service, name), String(port)]),
  );
  return Object.fromEntries(entries);
}

function variable(service: string, port: string): string {
  return `${service}_${port.replace(/[A-Z]/g, (letter) => `_${letter}`)}_PORT`.replaceAll("-", "_").toUpperCase();
}

/** Several stacks may run side by side, each in a folder of its own. */
function projectOf({ folder, ports }: Site): string {
  if (isStandard(ports)) return "countercheck";
  return `countercheck-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}`;
}

function isStandard(ports: Ports): boolean {
  return JSON.stringify(ports) === JSON.stringify(standardPorts);
}
