import { writeFileSync } from "node:fs";

/** The public name of this package, which jobs import as their authors would. */
const publicName = "countercheck";

/** A folder of the project and what its files may import from the others; tests may import everything. */
export interface Room {
  readonly folder: string;
  /** Rooms, or single files of rooms where only their types are meant for this one. */
  readonly mayImport: readonly string[];
  /** True when each folder in it is a room of its own, closed to its neighbours. */
  readonly foldersApart?: true;
  /** True when it may use the package as its users do. */
  readonly byPublicName?: true;
}

/**
 * The rooms, as the linter enforces them. `cli/`, `test/`, `bench/` and `scripts/` may import everything and have no
 * rule. After a change here, `npm run format` writes `scripts/rooms.biome.json` anew.
 */
export const rooms: readonly Room[] = [
  { folder: "base", mayImport: [] },
  { folder: "schemas", mayImport: ["base"] },
  { folder: "dataflow", mayImport: ["base", "schemas"] },
  { folder: "state", mayImport: ["base"] },
  { folder: "runtime", mayImport: ["base", "schemas", "dataflow", "state"] },
  { folder: "checks", mayImport: ["base", "schemas", "dataflow"] },
  { folder: "snapshots", mayImport: ["base", "schemas"] },
  {
    folder: "connectors",
    foldersApart: true,
    mayImport: [
      ...["base", "schemas", "dataflow/source.ts", "dataflow/model.ts", "dataflow/change-layout.ts"],
      // What every backend of the evidence store shares.
      ...["snapshots/snapshot-store.ts", "snapshots/snapshot-checks.ts", "snapshots/cursor.ts"],
    ],
  },
  { folder: "jobs", mayImport: ["base", "checks", "dataflow", "schemas"], byPublicName: true },
  { folder: "shop", mayImport: ["base", "schemas"] },
  { folder: "stack", mayImport: ["base"] },
  // How keys are spread is Flink's own way, and both sides must know it.
  {
    folder: "flink",
    mayImport: ["base", "dataflow", "runtime/task.ts", "runtime/plan.ts", "state/key-groups.ts"],
  },
  { folder: "testing", mayImport: ["base", "schemas", "dataflow", "state", "runtime", "checks", "snapshots"] },
];

/** Folders below a room's own that the rules reach. */
const depths = [0, 1, 2];

/** The linter configuration that follows from the rooms: what `scripts/rooms.biome.json` holds. */
export function roomsConfiguration(): string {
  const overrides = rooms.flatMap((room) => depths.map((depth) => JSON.stringify(override(room, depth))));
  return `{"overrides": [\n${overrides.join(",\n")}\n]}\n`;
}

/** An import is matched as it is written, so each depth of folders has its own patterns. */
function override(room: Room, depth: number) {
  const own = room.foldersApart ? `${room.folder}/*` : room.folder;
  const outside = "../".repeat(depth + 1);
  const root = "../".repeat(depth + own.split("/").length);
  const allowed = room.mayImport.map((path) => `!${root}${path}${path.endsWith(".ts") ? "" : "/**"}`);
  const names = [`${publicName}/**`, ...(room.byPublicName ? [] : [publicName])];
  // The way to another room is written straight: not through `./`, nor through a third one.
  const detours = ["./../**", ...room.mayImport.flatMap((path) => [`${root}${path}/../**`, `${root}${path}/**/../**`])];
  return {
    includes: [`${own}/${"*/".repeat(depth)}*.ts`, "!**/*.test.ts", "!**/*.test-d.ts"],
    linter: {
      rules: {
        style: {
          noRestrictedImports: {
            level: "error",
            options: { patterns: [{ group: [`${outside}**`, ...allowed, ...names, ...detours], message: rule(room) }] },
          },
        },
      },
    },
  };
}

function rule(room: Room): string {
  const may = [...room.mayImport, ...(room.byPublicName ? [`"${publicName}"`] : [])].join(", ");
  const who = room.foldersApart ? `Each folder in ${room.folder}/` : `${room.folder}/`;
  return `${who} may import only ${may || "itself"}${may ? " and itself" : ""}; see scripts/rooms.ts.`;
}

if (import.meta.main) writeFileSync(new URL("rooms.biome.json", import.meta.url), roomsConfiguration());
