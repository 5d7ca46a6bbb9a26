import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rooms, roomsConfiguration } from "../scripts/rooms.ts";

const root = join(import.meta.dirname, "..");

/** A file with one import, and whether the linter must refuse it. */
interface Probe {
  readonly file: string;
  readonly imports: string;
  readonly refused: boolean;
}

describe("the rooms", () => {
  const probes = [...betweenRooms(), ...special()].map((probe, index) => ({ ...probe, path: numbered(probe, index) }));
  let refused: ReadonlyMap<string, string>;
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "countercheck-rooms-"));
    for (const path of ["biome.json", "scripts/rooms.biome.json", ".gitignore"]) {
      cpSync(join(root, path), join(folder, path));
    }
    for (const { path, imports } of probes) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), `import { something } from "${imports}";\nsomething();\n`);
    }
    mkdirSync(join(folder, "state"), { recursive: true });
    writeFileSync(join(folder, "state/a.ts"), 'import { b } from "./b.ts";\nexport const a = () => b();\n');
    writeFileSync(join(folder, "state/b.ts"), 'import { a } from "./a.ts";\nexport const b = () => a();\n');
    refused = lint(folder, "style/noRestrictedImports");
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are what the linter's configuration was made from (npm run format makes it anew)", () => {
    expect(readFileSync(join(root, "scripts/rooms.biome.json"), "utf8")).toBe(roomsConfiguration());
  });

  it.each([...new Set(probes.map(roomOf))])("hold for %s", (room) => {
    const own = probes.filter((probe) => roomOf(probe) === room);
    const seen = own.map(({ file, imports, path }) => ({ file, imports, refused: refused.has(path) }));
    expect(seen).toEqual(own.map(({ file, imports, refused }) => ({ file, imports, refused })));
  });

  it("have no cycles in them", () => {
    expect([...lint(folder, "suspicious/noImportCycles").keys()].sort()).toEqual(["state/a.ts", "state/b.ts"]);
  });

  it("say what a room may import", () => {
    const probe = probes.find(({ file, imports }) => file === "checks/probe.ts" && imports === "../runtime/probe.ts");
    expect(refused.get(probe!.path)).toContain("checks/ may import only base, schemas, dataflow and itself");
  });
});

/** Every room importing every other, from its own folder and from one below. */
function betweenRooms(): Probe[] {
  const folders = [...rooms.map((room) => room.folder), "cli", "test", "bench"];
  return rooms.flatMap((room) =>
    ["", "deeper/"].flatMap((below) => {
      const own = room.foldersApart ? `${room.folder}/one` : room.folder;
      const file = `${own}/${below}probe.ts`;
      return folders
        .filter((other) => other !== room.folder)
        .map((other) => ({ file, imports: way(file, `${other}/probe.ts`), refused: !room.mayImport.includes(other) }));
    }),
  );
}

function special(): Probe[] {
  const named = rooms.flatMap((room) =>
    room.mayImport
      .filter((path) => path.endsWith(".ts"))
      .map((path) => {
        const file = room.foldersApart ? `${room.folder}/one/probe.ts` : `${room.folder}/probe.ts`;
        return { file, imports: way(file, path), refused: false };
      }),
  );
  return [
    ...named,
    { file: "connectors/file/probe.ts", imports: "../kafka/probe.ts", refused: true },
    { file: "connectors/file/probe.ts", imports: "./log.ts", refused: false },
    { file: "connectors/file/deeper/probe.ts", imports: "../log.ts", refused: false },
    { file: "runtime/operators/probe.ts", imports: "../task.ts", refused: false },
    { file: "runtime/operators/deeper/probe.ts", imports: "../../../checks/probe.ts", refused: true },
    { file: "checks/probe.ts", imports: "../base/../runtime/probe.ts", refused: true },
    { file: "checks/probe.ts", imports: "../base/deeper/../../runtime/probe.ts", refused: true },
    { file: "checks/probe.ts", imports: "./../runtime/probe.ts", refused: true },
    { file: "checks/probe.ts", imports: "countercheck", refused: true },
    { file: "checks/probe.test.ts", imports: "../runtime/probe.ts", refused: false },
    { file: "checks/probe.test-d.ts", imports: "../runtime/probe.ts", refused: false },
    { file: "checks/probe.ts", imports: "avsc", refused: false },
    { file: "jobs/payment-settlement/probe.ts", imports: "countercheck", refused: false },
    { file: "jobs/payment-settlement/probe.ts", imports: "countercheck/testing", refused: true },
    { file: "cli/probe.ts", imports: "../runtime/probe.ts", refused: false },
  ];
}

function roomOf({ file }: Probe): string {
  return file.split("/")[0]!;
}

function way(from: string, to: string): string {
  return relative(dirname(from), to);
}

/** A name of its own for each probe, with the ending that the rules look at. */
function numbered({ file }: Probe, index: number): string {
  return file.replace("probe", `probe-${index}`);
}

/** The files that break a rule, with the linter's message. */
function lint(folder: string, rule: string): Map<string, string> {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const args = ["lint", `--only=${rule}`, "--reporter=json", "--max-diagnostics=none", "."];
  const { stdout, stderr } = spawnSync(process.execPath, [biome, ...args], { cwd: folder, encoding: "utf8" });
  expect(stdout, stderr).toContain("diagnostics");
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
  return new Map(diagnostics.map((diagnostic) => [diagnostic.location.path, JSON.stringify(diagnostic)]));
}

interface Diagnostic {
  readonly location: { readonly path: string };
}
