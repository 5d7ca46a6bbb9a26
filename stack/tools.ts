import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { raise } from "../base/errors.ts";
import { type ServiceName, services } from "./services.ts";

/** What Debian's packages are called that bring the programs which services need. */
const packages: Readonly<Record<string, string>> = {
  java: "openjdk-17-jdk-headless",
  jar: "openjdk-17-jdk-headless",
  mvn: "maven",
  mariadbd: "mariadb-server-core mariadb-client-core",
  "mariadb-install-db": "mariadb-server-core mariadb-client-core",
  postgres: "postgresql-15",
  initdb: "postgresql-15",
  "redis-server": "redis-server",
};

/** The path of a program that the services need. Raises STACK_TOOL_MISSING with the line that installs it. */
export function tool(name: string): string {
  return (
    findTool(name) ??
    raise("STACK_TOOL_MISSING", { tool: describe(name), install: installLine([packages[name] ?? name]) })
  );
}

/** What is missing to start these without Docker, in one line; undefined when nothing is. */
export function missingTools(names: readonly ServiceName[]): { tools: string; install: string } | undefined {
  const missing = [...new Set(names.flatMap((name) => services[name].needs))].filter((name) => !findTool(name));
  if (missing.length === 0) return undefined;
  return { tools: missing.map(describe).join(", "), install: installLine(missing.map((name) => packages[name]!)) };
}

/** True when these words run and end well. */
export function answers(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: 20_000 }).status === 0;
}

const found = new Map<string, string | undefined>();

function findTool(name: string): string | undefined {
  if (!found.has(name)) {
    const path = folders(name)
      .map((folder) => join(folder, name))
      .find(isExecutable);
    found.set(name, name === "java" && path && !isRightJava(path) ? undefined : path);
  }
  return found.get(name);
}

/** Debian keeps PostgreSQL's programs off the path, and the path of who is not root has no sbin. */
function folders(name: string): string[] {
  const javaHome = process.env.JAVA_HOME;
  const postgres = "/usr/lib/postgresql";
  return [
    ...(javaHome && (name === "java" || name === "jar") ? [join(javaHome, "bin")] : []),
    ...(process.env.PATH ?? "").split(delimiter),
    "/usr/sbin",
    "/usr/local/sbin",
    ...(existsSync(postgres) ? readdirSync(postgres).map((version) => join(postgres, version, "bin")) : []),
  ];
}

/** Kafka and the registry need 17; from 24 on the JDK lacks what Hadoop's login, which HBase uses, is built on. */
function isRightJava(path: string): boolean {
  const { stderr } = spawnSync(path, ["-version"], { encoding: "utf8", timeout: 20_000 });
  const version = Number(/version "(\d+)/.exec(stderr)?.[1]);
  return version >= 17 && version < 24;
}

function describe(name: string): string {
  return name === "java" ? "java (a JDK from 17 to 23)" : name;
}

function installLine(wanted: readonly string[]): string {
  return `apt-get install --no-install-recommends ${[...new Set(wanted)].join(" ")}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
