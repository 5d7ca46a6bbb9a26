import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endpointsOf } from "./endpoints.ts";
import { serviceNames, standardPorts } from "./services.ts";
import { openSite } from "./site.ts";
import { openStack } from "./stack.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-site-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (ports: "free" | "standard" = "standard") =>
  openSite({ folder, ports, outsideDocker: true, onProgress: () => undefined });
const keep = (text: string) => writeFileSync(join(folder, "stack.json"), text);
const kept = () => JSON.parse(readFileSync(join(folder, "stack.json"), "utf8"));
const { kafka, redis } = standardPorts;

describe("the folder of a stack", () => {
  it("keeps the ports that it was first opened with", async () => {
    const { ports } = await open("free");
    expect(ports).not.toEqual(standardPorts);
    expect((await open("standard")).ports).toEqual(ports);
  });

  it("of a version that knew fewer services, gets the ports of the others, and can be looked at and stopped", async () => {
    keep(JSON.stringify({ inDocker: false, ports: { kafka: { broker: kafka.broker }, redis } }));
    const stack = await openStack({ folder, outsideDocker: true });
    await stack.stop();
    expect((await stack.status()).map(({ name, state }) => [name, state])).toEqual(
      serviceNames.map((name) => [name, "stopped"]),
    );
    expect(stack.flink.url).toBe(`http://127.0.0.1:${standardPorts.flink.rest}`);
    expect(kept()).toEqual({ inDocker: false, ports: standardPorts });
  });

  it("of such a version with ports of its own, keeps those and gets free ones, for good", async () => {
    keep(JSON.stringify({ inDocker: true, ports: { kafka: { broker: 21_001, controller: 21_002 } } }));
    const site = await open();
    expect(site.inDocker).toBe(true);
    expect(site.ports.kafka).toEqual({ broker: 21_001, controller: 21_002 });
    const numbers = Object.values(site.ports).flatMap((ports) => Object.values(ports));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(site.ports.flink.rest).not.toBe(standardPorts.flink.rest);
    expect((await open()).ports).toEqual(site.ports);
  });

  it.each(["{}", undefined])("that says no ports gets the usual ones: %s", async (text) => {
    if (text !== undefined) keep(text);
    expect(endpointsOf((await open()).ports, false).redis.port).toBe(standardPorts.redis.redis);
  });

  it.each([
    ["", "Unexpected end of JSON input"],
    ["[]", "It is no object"],
    ['{"inDocker": "no"}', "inDocker is neither true nor false"],
    ['{"ports": {"kafka": 9092}}', "ports is not an object of services"],
  ])("is refused where its ports cannot be told: %s", async (text, reason) => {
    keep(text);
    await expect(open()).rejects.toMatchObject({
      code: "STACK_FOLDER_UNREADABLE",
      message: expect.stringContaining(`cannot be read: ${reason}`),
    });
    expect(readFileSync(join(folder, "stack.json"), "utf8")).toBe(text);
  });
});
