import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { portVariables } from "./docker.ts";
import { membersOf, serviceNames, services } from "./services.ts";

interface Container {
  readonly image: string;
  readonly profiles: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: unknown;
}

const root = join(import.meta.dirname, "..");
const file = parse(readFileSync(join(root, "docker-compose.yml"), "utf8")) as {
  readonly services: Readonly<Record<string, Container>>;
};

describe("docker-compose.yml", () => {
  it("is valid by the Compose specification", () => {
    // fixtures/compose-spec.json is schema/compose-spec.json of github.com/compose-spec/compose-spec, at 170098ba07d9.
    const schema = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", "compose-spec.json"), "utf8"));
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const validate = ajv.compile({ ...schema, $schema: "http://json-schema.org/draft-07/schema#" });
    validate(file);
    expect(validate.errors).toBeNull();
  });

  it("has the services of the table with their members, and no others", () => {
    expect(Object.keys(file.services).toSorted()).toEqual(serviceNames.flatMap(membersOf).toSorted());
  });

  it.each(serviceNames)(
    "%s has the table's version, all of its ports on loopback, and the same dependencies",
    (name) => {
      const { version, dependsOn, onlyByName } = services[name];
      const members = membersOf(name).map((member) => file.services[member]!);
      const ports = members.flatMap((member) => member.ports ?? []);
      expect(ports.map((port) => /^127\.0\.0\.1:\$\{(\w+):-(\d+)\}:/.exec(port)?.slice(1)).toSorted()).toEqual(
        Object.entries(portVariables({ [name]: services[name].ports })).toSorted(),
      );
      for (const { image, profiles, healthcheck, depends_on } of members) {
        expect(image.split(":")[1]).toMatch(new RegExp(`^${version.replaceAll(".", "\\.")}(\\.|$)`));
        expect(profiles.includes("all")).toBe(!onlyByName);
        expect(healthcheck).toBeDefined();
        expect(Object.keys(depends_on ?? {})).toEqual(dependsOn);
      }
    },
  );
});
