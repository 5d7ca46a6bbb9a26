import { expect, it } from "vitest";
import { connectorDefects } from "../cli/doctor/defects/connector.ts";
import { databaseDefects } from "../cli/doctor/defects/database.ts";
import { type Defect, defects } from "../cli/doctor/defects/defects.ts";
import { kafkaDefects } from "../cli/doctor/defects/kafka.ts";
import { runDefects } from "../cli/doctor/defects/run.ts";

const PARTS: Readonly<Record<string, Readonly<Record<string, Defect>>>> = {
  "Topics and brokers": kafkaDefects,
  Connectors: connectorDefects,
  Databases: databaseDefects,
  "State and results": runDefects,
};

/** `npx vitest run test/doctor-reference.test.ts --update` writes the page anew. */
it("docs/reference/doctor.md is what the doctor can find", async () => {
  const page = [INTRODUCTION, ...Object.entries(PARTS).map(([title, part]) => section(title, part)), NOT_LOOKED_AT];
  await expect(`${page.join("\n\n")}\n`).toMatchFileSnapshot("../docs/reference/doctor.md");
});

it("every defect has a code of its own, in order, and says what follows and what to do", () => {
  const parts = Object.values(PARTS);
  expect(parts.flatMap(Object.keys).toSorted()).toEqual(Object.keys(defects).toSorted());
  for (const part of parts) expect(Object.keys(part)).toEqual(Object.keys(part).toSorted());
  for (const { says, follows, remedy } of Object.values<Defect>(defects)) {
    for (const text of [says, follows, remedy]) expect(text).not.toBe("");
  }
});

function section(title: string, part: Readonly<Record<string, Defect>>): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const rows = Object.entries(part).map(
    ([code, { level, says, follows, remedy }]) =>
      `| \`${code}\` | ${level} | ${[says, follows, remedy].map(cell).join(" | ")} |`,
  );
  return [
    `## ${title}`,
    "",
    "| code | level | what it is | what follows | what to do |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

const INTRODUCTION = `# What the doctor looks at

\`countercheck doctor --config countercheck.json --job jobs/my-job\` looks at everything that a run would need, and changes
nothing: the configuration, its output folder and state, the topics in file logs or Kafka with their newest records, the registry
and the contracts, HBase's table, and whether the job's models can be read from the newest schema of each table. With
\`sources.NAME.connector\` it asks Kafka Connect for the connector's state and settings; with \`sources.NAME.database\`, whose
\`url\` is a reference to \`mariadb://user:password@host:port/\` or \`postgres://user:password@host:port/database\`, it asks the
database. A user that may read the settings is enough; rights are looked at where they are those of the connector's user.

\`--json\` gives each finding with its \`level\`, \`about\` and \`says\`, and for what is listed here its \`code\`, \`follows\` and
\`remedy\`. Levels: \`ok\`; \`note\`, good to know; \`warning\`, it will run, but not as well as it could; \`problem\`, it will not run, or
not tell the truth. With a problem the exit code is 1. What is wrong with the configuration, the registry, a record or the job is
told in the words of its error ([errors.md](errors.md)). \`{name}\` is filled in.`;

const NOT_LOOKED_AT = `## What is not looked at

- Whether a connector's settings with references (\`\${env:NAME}\`) are right: only Connect knows what they stand for. Rules that
  would need them are left out.
- Repeats: after a crash Connect sends changes twice unless \`exactly.once.support\` is used. They are recognised by their
  positions and dropped, so nothing follows from it.
- Records before the newest hundred of a partition in Kafka; \`countercheck dead-letters\` shows those that a run could not use.
- Brokers' ACLs: that a topic may be read shows by reading it; that results may be written is known when the run starts.`;
