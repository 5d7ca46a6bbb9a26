import type { SchemaNode } from "./schema-tree.ts";
import { writeSkips } from "./skip-source.ts";
import { type DecoderSource, SourceWriter } from "./source-writer.ts";
import type { Taker } from "./straight-reader.ts";

/** The takers of a record's fields, as the record is nested. */
export class TakerTree {
  readonly takers: Taker[] = [];
  readonly fields = new Map<string, TakerTree>();

  /** The part of the tree at a path. */
  at(path: string): TakerTree {
    let tree: TakerTree = this;
    for (const name of path === "" ? [] : path.split(".")) {
      let next = tree.fields.get(name);
      if (next === undefined) {
        next = new TakerTree();
        tree.fields.set(name, next);
      }
      tree = next;
    }
    return tree;
  }
}

/** Writes the function that reads a value of `root` for the takers of `tree`, and leads past all that has none. */
export function straightSource(root: SchemaNode, tree: TakerTree): DecoderSource {
  const out = new SourceWriter();
  writeTaken(out, root, tree);
  return out.finishStraight();
}

function writeTaken(out: SourceWriter, node: SchemaNode, tree: TakerTree): void {
  switch (node.kind) {
    case "union":
      out.branches(node.branches, (branch) => writeTaken(out, branch, tree));
      break;
    case "null":
      writeNone(out, tree);
      break;
    case "record": {
      give(out, tree, "present");
      let skipped: SchemaNode[] = [];
      for (const { name, type } of node.fields) {
        const taken = tree.fields.get(name);
        if (taken === undefined) skipped.push(type);
        else {
          writeSkips(out, skipped);
          skipped = [];
          writeTaken(out, type, taken);
        }
      }
      writeSkips(out, skipped);
      break;
    }
    default:
      writeValue(out, node, tree);
  }
}

/** No value: nothing of a record either. */
function writeNone(out: SourceWriter, tree: TakerTree): void {
  give(out, tree, "none");
  for (const field of tree.fields.values()) writeNone(out, field);
}

function writeValue(out: SourceWriter, node: SchemaNode, tree: TakerTree): void {
  switch (node.kind) {
    case "boolean":
      out.line("n = booleanAt(b, p++) ? 1 : 0;");
      give(out, tree, "integer", "n, 0, ");
      break;
    case "int":
      out.line("n = b[p];");
      out.line("if (n < 128) { n = (n >>> 1) ^ -(n & 1); p++; } else { n = intAt(b, p); p = skipVarint(b, p); }");
      give(out, tree, "integer", "n, n >> 31, ");
      break;
    case "long":
      out.line(LONG);
      give(out, tree, "integer", "low, high, ");
      break;
    case "float":
    case "double":
      out.line(node.kind === "float" ? "x = floatAt(b, p); p += 4;" : "x = doubleAt(b, p); p += 8;");
      give(out, tree, "number", "x, ");
      break;
    case "enum": {
      const symbol = out.variable();
      out.line(`const ${symbol} = symbolAt(b, p, ${out.constant(node.symbols.map((each) => Buffer.from(each)))});`);
      out.line("p = skipVarint(b, p);");
      give(out, tree, "bytes", `${symbol}, 0, ${symbol}.length, `);
      break;
    }
    case "fixed":
      out.line(`n = ${out.integer(node.size)}; checkLength(n, p, end); p += n;`);
      give(out, tree, "bytes", "b, p - n, p, ");
      break;
    case "bytes":
    case "string":
      out.line("n = b[p++];");
      out.line("if ((n & 129) === 0) n >>= 1; else { n = numberAt(b, p - 1); p = skipVarint(b, p - 1); }");
      out.line("checkLength(n, p, end); p += n;");
      give(out, tree, "bytes", "b, p - n, p, ");
      break;
  }
}

function give(out: SourceWriter, { takers }: TakerTree, method: keyof Taker, value = ""): void {
  for (const taker of takers) out.line(`if (!${out.constant(taker[method])}(${value}row)) return false;`);
}

/** Reads a long into `low` and `high`, as `putLong` does; written out, since most of a row's bytes are longs. */
const LONG = `low = b[p++]; high = 0;
if (low > 127) {
  n = b[p++]; low = (low & 127) | ((n & 127) << 7);
  if (n > 127) {
    n = b[p++]; low |= (n & 127) << 14;
    if (n > 127) {
      n = b[p++]; low |= (n & 127) << 21;
      if (n > 127) {
        n = b[p++]; low |= (n & 127) << 28; high = (n & 127) >>> 4;
        if (n > 127) {
          n = b[p++]; high |= (n & 127) << 3;
          if (n > 127) {
            n = b[p++]; high |= (n & 127) << 10;
            for (let shift = 17; n > 127; shift += 7) {
              n = b[p++];
              if (shift === 31 && n > 1) fail("a long of more than 64 bits");
              high |= (n & 127) << shift;
            }
          }
        }
      }
    }
  }
}
n = -(low & 1); low = ((low >>> 1) | (high << 31)) ^ n; high = (high >>> 1) ^ n;`;
