import { OP } from "../../dataflow/change-layout.ts";
import type { SourceWriter } from "../../schemas/source-writer.ts";
import { type Emit, REFUSE, type Taker } from "../../schemas/straight-source.ts";
import type { DatabaseKind } from "./config.ts";
import { INCREMENTAL, SNAPSHOT } from "./envelope-plan.ts";
import { AS_NUMBER } from "./fused-fields.ts";
import { FARTHEST_MS } from "./instant.ts";
import { numberAtEnd } from "./position.ts";

/**
 * What a fused decoder reads of every envelope, by path: it goes to the columns of its `head`. `withBefore`: the row before
 * updates and deletes is read too, which its plan does.
 */
export function envelopeTakers(kind: DatabaseKind, withBefore: boolean): [string, Taker][] {
  const taken = withBefore ? [OP.create, OP.read] : [OP.create, OP.update, OP.delete, OP.read];
  const isChange = taken.map((letter) => `op !== ${letter}`);
  const time = [`x = ${AS_NUMBER};`, `if (Math.abs(x) > ${FARTHEST_MS}) ${REFUSE}`, "time[row] = x;"];
  return [
    [
      "op",
      {
        none: refuse,
        bytes: lines(
          `if (to - from !== 1) ${REFUSE}`,
          "op = s[from];",
          `if (${isChange.join(" && ")}) ${REFUSE}`,
          "kind[row] = op;",
        ),
      },
    ],
    ["after", { none: lines("hasAfter = false;"), present: lines("hasAfter = true;") }],
    ["source.ts_ms", { none: refuse, integer: lines(...time) }],
    ...(kind === "mariadb" ? BINLOG : LSN),
  ];
}

const refuse: Emit = (out) => out.line(REFUSE);

/** Leaves rows of incremental snapshots to the plan, which tells them; nothing else that is there is so long. */
export const notIncremental: [string, Taker] = [
  SNAPSHOT,
  { none: lines(), bytes: lines(`if (to - from === ${INCREMENTAL.length}) ${REFUSE}`) },
];

const BINLOG: [string, Taker][] = [
  [
    "source.file",
    {
      none: refuse,
      bytes: (out) => {
        out.line(`x = ${out.constant(numberAtEnd)}(s, from, to);`);
        out.line(`if (x < 0) ${REFUSE}`);
        out.line("major[row] = x;");
      },
    },
  ],
  ["source.pos", { none: refuse, integer: lines(`minor[row] = ${AS_NUMBER};`) }],
  ["source.row", { none: refuse, integer: lines("sub[row] = low;") }],
];

const LSN: [string, Taker][] = [
  ["source.lsn", { none: refuse, integer: lines("major[row] = high >>> 0; minor[row] = low >>> 0; sub[row] = 0;") }],
];

function lines(...text: string[]): Emit {
  return (out: SourceWriter) => {
    for (const line of text) out.line(line);
  };
}
