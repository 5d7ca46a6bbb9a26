import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { services } from "../stack/services.ts";

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

type Schema = Record<string, unknown>;

const root = join(import.meta.dirname, "..");
const folder = join(root, "docs/how-to/kubernetes");
const files = readdirSync(folder);

describe.each(files)("docs/how-to/kubernetes/%s", (file) => {
  const manifest = read(file);

  it("is valid by the operator's own definition of the resource, without a field that it does not know", () => {
    expect(errorsOf(manifest)).toEqual([]);
  });

  it("is of this version of Flink, and starts the bridge", () => {
    const { flinkVersion, job } = manifest.spec as { flinkVersion?: string; job?: { entryClass: string } };
    const [major, minor] = services.flink.version.split(".");
    if (manifest.kind === "FlinkDeployment") expect(flinkVersion).toBe(`v${major}_${minor}`);
    if (job === undefined) return;
    const source = `flink/java/src/main/java/${job.entryClass.replaceAll(".", "/")}.java`;
    expect(existsSync(join(root, source)), source).toBe(true);
  });
});

describe("the operator's definitions", () => {
  const good = read("application.yaml");
  const having = (change: object): Manifest => ({ ...good, spec: { ...good.spec, ...change } });

  it.each<[string, Manifest]>([
    ["a field that nobody knows", having({ jarUri: "local:///job.jar" })],
    ["a setting that is no text", having({ flinkConfiguration: { "taskmanager.numberOfTaskSlots": 2 } })],
    ["a mode of upgrades that there is none", having({ job: { upgradeMode: "hopeful" } })],
    ["a misspelt part of a pod", having({ podTemplate: { spec: { containers: [{ name: "x", envfrom: [] }] } } })],
    ["another kind", { ...good, kind: "FlinkCluster" }],
  ])("refuse %s", (_, manifest) => {
    expect(errorsOf(manifest)).not.toEqual([]);
  });

  it("know what a session job runs on and a savepoint is of", () => {
    const manifests = files.map(read);
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    for (const { spec } of manifests) {
      const { deploymentName, jobReference } = spec as {
        deploymentName?: string;
        jobReference?: { kind: string; name: string };
      };
      if (deploymentName !== undefined) expect(names).toContain(`FlinkDeployment/${deploymentName}`);
      if (jobReference !== undefined) expect(names).toContain(`${jobReference.kind}/${jobReference.name}`);
    }
  });
});

function read(file: string): Manifest {
  return parse(readFileSync(join(folder, file), "utf8")) as Manifest;
}

const validators = validatorsOf(operatorSchemas());

function errorsOf({ apiVersion, kind, spec }: Manifest): string[] {
  const validate = apiVersion === "flink.apache.org/v1beta1" ? validators.get(kind) : undefined;
  if (validate === undefined) return [`${apiVersion} ${kind} is not the operator's`];
  validate(spec);
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${kind} spec${instancePath}: ${message} ${JSON.stringify(params)}`;
  });
}

/** Of Maven Central's newest, with the name of Flink 2.2, which the operator knows from 1.13.0 on. */
function operatorSchemas(): Record<string, Schema> {
  const { $defs } = JSON.parse(readFileSync(join(root, "test/fixtures/flink-operator/schemas.json"), "utf8")) as {
    $defs: Record<string, Schema>;
  };
  const { flinkVersion } = $defs.FlinkDeployment!.properties as { flinkVersion: { enum: string[] } };
  flinkVersion.enum.push("v2_0", "v2_1", "v2_2");
  return $defs;
}

function validatorsOf($defs: Record<string, Schema>): ReadonlyMap<string, ValidateFunction> {
  for (const schema of Object.values($defs)) refuseUnknown(schema);
  const ajv = new Ajv({ strict: false, allErrors: true });
  const kinds = Object.keys($defs).filter((name) => name !== "podTemplate");
  return new Map(kinds.map((kind) => [kind, ajv.compile({ $ref: `#/$defs/${kind}`, $defs })]));
}

/** As `kubectl` does with `--validate=strict`: Kubernetes itself drops what it does not know. */
function refuseUnknown(schema: Schema): void {
  for (const part of Object.values(schema)) if (isObject(part)) refuseUnknown(part);
  const { type, properties } = schema;
  if (type === "object" && isObject(properties)) schema.additionalProperties = false;
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
