import { spawnSync } from "node:child_process";
import { join } from "node:path";

const PROJECT = join(import.meta.dirname, "../java");

/** A module of the peers in Java. */
export type JavaModule = "datastream" | "sql" | "streams";

/** Builds a module; fails with what Maven said. The first time, Maven downloads what it depends on. */
export function buildJava(module: JavaModule): void {
  const maven = (...more: string[]) =>
    spawnSync(
      "mvn",
      ["--batch-mode", "--no-transfer-progress", "--quiet", "--projects", module, "--also-make", ...more, "package"],
      { cwd: PROJECT, encoding: "utf8" },
    );
  const offline = maven("--offline");
  const { error, status, stdout } = offline.status === 0 ? offline : maven();
  if (error !== undefined) throw new Error(`Maven and a JDK from 17 on are needed for peers in Java: ${error.message}`);
  if (status !== 0) throw new Error(`Maven could not build bench/peers/java/${module}.\n${stdout}`);
}

/** A file among what a build made. */
export function builtBy(module: JavaModule, name: string): string {
  return join(PROJECT, module, "target", name);
}

/** A module's libraries, for a class path. */
export function librariesOf(module: JavaModule): string {
  return builtBy(module, join("libraries", "*"));
}
