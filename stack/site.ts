import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { raise } from "../base/errors.ts";
import { databaseAccount } from "./account.ts";
import { freePorts } from "./ports.ts";
import type { Site } from "./server.ts";
import { type Ports, standardPorts } from "./services.ts";
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

/** Opens or makes a stack's folder. Raises STACK_FOLDER_UNUSABLE. */
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
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Kept;
  const choice: Kept = {
    inDocker: !outsideDocker && dockerAnswers(),
    ports: ports === "free" ? await freePorts() : standardPorts,
  };
  writeFileSync(file, `${JSON.stringify(choice, undefined, 2)}\n`);
  return choice;
}

/** True when containers can be started here. */
export function dockerAnswers(): boolean {
  return answers("docker", ["info"]) && answers("docker", ["compose", "version"]);
}
