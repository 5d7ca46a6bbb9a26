import { Command, Option } from "commander";
import { CountercheckError } from "../base/errors.ts";
import type { ServiceStatus } from "./backend.ts";
import { serviceNames, services, usualServices } from "./services.ts";
import { defaultFolder } from "./site.ts";
import { asServiceNames, openStack } from "./stack.ts";

interface Options {
  readonly dir: string;
  readonly json?: true;
  readonly freePorts?: true;
}

const program = new Command("npm run stack --")
  .description("Starts and stops the real servers that countercheck works with, on 127.0.0.1.")
  .addHelpText("after", `\nServices:\n${listing()}`);
command(
  "start",
  "start services and what they depend on; when none is named, all but those of Flink",
  async (names, options) => {
    const stack = await open(options);
    await stack.start(...(names.length > 0 ? names : usualServices));
    report(await stack.status(), options);
  },
).option("--free-ports", "with a new folder: ports that nobody uses, instead of the usual ones");
command("status", "show pid, ports, memory and readiness", async (names, options) => {
  const status = await (await open(options)).status();
  report(names.length > 0 ? status.filter(({ name }) => names.includes(name)) : status, options);
});
command("stop", "stop services; all when none is named. Their data stays", async (names, options) => {
  const stack = await open(options);
  await (names.length > 0 ? stack.stop(...names) : stack.close());
  report(await stack.status(), options);
});
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CountercheckError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.fault === "user" ? 2 : 1;
}

function command(
  name: string,
  description: string,
  action: (names: ReturnType<typeof asServiceNames>, options: Options) => Promise<void>,
): Command {
  return program
    .command(name)
    .description(description)
    .argument("[service...]", `of ${serviceNames.join(", ")}`)
    .addOption(new Option("--dir <dir>", "where data, logs and pid files are").default(defaultFolder()))
    .option("--json", "print the status as JSON")
    .action((names: string[], options: Options) => action(asServiceNames(names), options));
}

function open({ dir, freePorts }: Options) {
  const ports = freePorts ? "free" : "standard";
  return openStack({ folder: dir, ports, onProgress: (line) => process.stderr.write(`${line}\n`) });
}

function report(status: readonly ServiceStatus[], { json, dir }: Options): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ folder: dir, services: status }, undefined, 2)}\n`);
    return;
  }
  const rows = status.map(({ name, version, state, ports, pids, memoryMb }) => [
    name,
    version,
    state,
    Object.entries(ports)
      .map(([port, number]) => `${port} ${number}`)
      .join(", "),
    pids.join(", "),
    memoryMb === undefined ? "" : `${memoryMb} MiB`,
  ]);
  process.stdout.write(lines([["service", "version", "state", "ports", "pid", "memory"], ...rows]));
}

function listing(): string {
  return lines(
    serviceNames.map((name) => {
      const { title, version, usualMb } = services[name];
      return [`  ${name}`, title, version, `about ${usualMb} MiB`];
    }),
  );
}

/** Cells in columns. */
function lines(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
