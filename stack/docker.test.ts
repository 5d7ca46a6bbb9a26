import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openStack } from "./stack.ts";

/** There may be no engine here: what is seen is which commands would be run, by a program that writes them down. */
describe("a stack in Docker", () => {
  const folder = mkdtempSync(join(tmpdir(), "countercheck-docker-"));
  const calls = join(folder, "calls");
  const path = process.env.PATH;
  beforeAll(() => {
    const script = `#!/bin/sh
echo "$KAFKA_BROKER_PORT $*" >>${calls}
case "$*" in
  *"up "*redis) echo "no such image" >&2; exit 1 ;;
  *"logs "*) echo "the end of the log" ;;
  *"ps "*kafka) echo '{"Service":"kafka","Health":"healthy"}' ;;
  *"ps "*connect) echo '[{"Service":"connect","Health":"starting"}]' ;;
  *"ps "*flink-jobmanager*) echo '[{"Health":"healthy"},{"Health":"healthy"},{"Health":"starting"}]' ;;
esac
`;
    writeFileSync(join(folder, "docker"), script, { mode: 0o755 });
    process.env.PATH = `${folder}${delimiter}${path}`;
  });
  beforeEach(() => rmSync(calls, { force: true }));
  afterAll(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true, force: true });
  });

  it("is chosen where an engine answers, and starts what a service depends on before it", async () => {
    const stack = await openStack({ folder: join(folder, "stack") });
    expect(stack.connect.sees.brokers).toBe("kafka:19092");
    rmSync(calls);
    await stack.start("connect");
    const started = lines().map((line) => line.split(" ").at(-1));
    expect(started.slice(0, 2).toSorted()).toEqual(["kafka", "registry"]);
    expect(started.slice(2)).toEqual(["connect"]);
    expect(lines()[0]).toMatch(
      /^9092 compose --file \S+docker-compose\.yml --project-name countercheck --profile all --profile flink --profile flink-ha up --detach --wait /,
    );
  });

  it("tells what is ready, starting and stopped", async () => {
    const stack = await openStack({ folder: join(folder, "stack") });
    const states = Object.fromEntries((await stack.status()).map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ kafka: "ready", connect: "starting", mariadb: "stopped", flink: "starting" });
  });

  it("kills one member of a service, and brings it back with all of them", async () => {
    const stack = await openStack({ folder: join(folder, "stack") });
    await stack.kill("flink", "flink-taskmanager-2");
    expect(lines().at(-1)).toMatch(/ kill flink-taskmanager-2$/);
    await stack.start("flink");
    expect(lines().at(-1)).toMatch(/ flink-jobmanager flink-taskmanager-1 flink-taskmanager-2$/);
  });

  it("tells why a service did not start, with the end of its log", async () => {
    const stack = await openStack({ folder: join(folder, "stack") });
    await expect(stack.start("redis")).rejects.toThrow(
      "redis could not be started: no such image. docker compose logs redis ends with: \nthe end of the log",
    );
  });

  it("on free ports is a project of its own, of which nothing stays when it is closed", async () => {
    const stack = await openStack({ folder: join(folder, "other"), ports: "free" });
    rmSync(calls);
    await stack.kill("kafka");
    await stack.close();
    const port = stack.kafka.brokers[0]!.split(":")[1];
    const project = /--project-name (countercheck-\w+) /.exec(lines()[0]!)?.[1];
    expect(lines()[0]).toMatch(new RegExp(`^${port} .* kill kafka$`));
    expect(lines().at(-1)).toMatch(new RegExp(`--project-name ${project} .* down --volumes$`));
  });

  function lines(): string[] {
    return readFileSync(calls, "utf8").trimEnd().split("\n");
  }
});
