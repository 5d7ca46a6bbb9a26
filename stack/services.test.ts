import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { endpointsOf } from "./endpoints.ts";
import { freePorts, isFree } from "./ports.ts";
import { serviceNames, services, standardPorts } from "./services.ts";
import { asServiceNames } from "./stack.ts";
import { missingTools } from "./tools.ts";

describe("the table of services", () => {
  it("gives every port once", () => {
    const numbers = Object.values(standardPorts).flatMap((ports) => Object.values(ports));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it("names dependencies before who depends on them", () => {
    for (const [at, name] of serviceNames.entries())
      for (const other of services[name].dependsOn) expect(serviceNames.indexOf(other)).toBeLessThan(at);
  });

  it.each(["kafka", "hbase", "flink", "zookeeper"] as const)("%s has the version that its pom downloads", (name) => {
    const pom = readFileSync(join(import.meta.dirname, "poms", `${name}.xml`), "utf8");
    const versions = [...pom.matchAll(/<groupId>org\.apache\.(?:kafka|hbase|flink|zookeeper)<.*?<version>(.*?)</g)];
    expect(new Set(versions.map(([, version]) => version))).toEqual(new Set([services[name].version]));
  });

  it("gives the registry and the converter that writes to it one version", () => {
    const pom = readFileSync(join(import.meta.dirname, "poms", "converter.xml"), "utf8");
    expect(pom).toContain(`<version>${services.registry.version}</version>`);
  });

  it("knows its services' names, and says them when one is wrong", () => {
    expect(asServiceNames(["hbase", "kafka"])).toEqual(["hbase", "kafka"]);
    expect(() => asServiceNames(["kafak"])).toThrow(
      'There is no service "kafak". The stack has kafka, registry, connect, mariadb, postgres, hbase, redis, flink, zookeeper, flink-ha.',
    );
  });
});

describe("ports and endpoints", () => {
  it("free ones are all different, and nobody's", async () => {
    const numbers = Object.values(await freePorts()).flatMap((ports) => Object.values(ports));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(await Promise.all(numbers.map(isFree))).not.toContain(false);
  });

  it("are named for this machine, and as Connect sees them in a container", () => {
    const { kafka, connect } = endpointsOf(standardPorts, true);
    expect(kafka.brokers).toEqual(["127.0.0.1:9092"]);
    expect(connect.sees).toMatchObject({ brokers: "kafka:19092", mariadb: { host: "mariadb", port: 3306 } });
    expect(endpointsOf(standardPorts, false).connect.sees.brokers).toBe("127.0.0.1:9092");
  });
});

describe("programs that are not installed", () => {
  it("are named with the line that brings them", () => {
    const { PATH, JAVA_HOME } = process.env;
    process.env.PATH = "";
    delete process.env.JAVA_HOME;
    try {
      expect(missingTools(["connect"])).toEqual({
        tools: "java (a JDK from 17 to 23), jar, mvn",
        install: "apt-get install --no-install-recommends openjdk-17-jdk-headless maven",
      });
    } finally {
      process.env.PATH = PATH;
      if (JAVA_HOME !== undefined) process.env.JAVA_HOME = JAVA_HOME;
    }
  });
});
