import type { AvroSchema } from "./avro-schema.ts";
import { nodeAt, withoutNull } from "./schema-paths.ts";
import { parseSchema, type SchemaNode } from "./schema-tree.ts";
import { writeSkips } from "./skip-source.ts";
import type { SourceWriter } from "./source-writer.ts";

/** Adds source text to what is written. */
export type Emit = (out: SourceWriter) => void;

/**
 * What becomes of the values of one field, as text of the function that reads them. It has what fits the field's type, and
 * `none`. A value that it does not take it refuses with `REFUSE`. It may use the variables named here, and must change none.
 */
export interface Taker {
  /** For null, or a field of a record that is not there. */
  readonly none: Emit;
  /** For an int or a long: `low` and `high` are the words of its 64 bits. For a boolean: `low` is 1 or 0. */
  readonly integer?: Emit;
  /** For a float or a double: `x`. */
  readonly number?: Emit;
  /** For a string, bytes or fixed, or an enum's symbol: `s[from .. to)`, which is only lent. */
  readonly bytes?: Emit;
  /** For a record that is there; its fields follow. */
  readonly present?: Emit;
}

/** The statement that refuses a record, from within all that `StraightSource` and takers write. */
export const REFUSE = "break plain;";

/** Variables that the text of `StraightSource` uses beside those of a `SourceWriter`. */
export const STRAIGHT_VARIABLES = "let p = 0, end = 0, n = 0, low = 0, high = 0, x = 0, from = 0, to = 0, s = b;";

/**
 * Writes code that reads values of a schema without columns in between: `b[p .. end)` is read field by field, each value
 * goes to its takers, and what has none is passed over. It stands in a block labelled `plain`, which it leaves where a
 * record is refused, or what its schema cannot have written; of some such records it throws a `Malformed`.
 */
export class StraightSource {
  readonly #root: SchemaNode;
  readonly #tree = new TakerTree();

  /** Throws AVRO_SCHEMA_INVALID. */
  constructor(schema: AvroSchema, name: string) {
    this.#root = parseSchema(schema, name);
  }

  /**
   * Adds a taker of the field at a path. False where there is no such field or the taker has nothing for its type: arrays, maps, unions of several branches and recursive records have none.
   */
  take(path: string, taker: Taker): boolean {
    const node = nodeAt(this.#root, path);
    const method = node && methodFor(withoutNull(node));
    if (method === undefined || taker[method] === undefined) return false;
    this.#tree.at(path).takers.push(taker);
    return true;
  }

  write(out: SourceWriter): void {
    writeTaken(out, this.#root, this.#tree);
    out.line(`if (p !== end) ${REFUSE}`);
  }
}

/** What takes values of a type. */
function methodFor(node: SchemaNode): keyof Taker | undefined {
  switch (node.kind) {
    case "boolean":
    case "int":
    case "long":
      return "integer";
    case "float":
    case "double":
      return "number";
    case "bytes":
    case "string":
    case "fixed":
    case "enum":
      return "bytes";
    case "record":
      return node.recursive ? undefined : "present";
    default:
      return undefined;
  }
}

/** The takers of a record's fields, as the record is nested. */
class TakerTree {
  readonly takers: Taker[] = [];
  readonly fields = new Map<string, TakerTree>();

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
      out.line("low = booleanAt(b, p++) ? 1 : 0; high = 0;");
      give(out, tree, "integer");
      break;
    case "int":
      out.line("low = b[p];");
      out.line("if (low < 128) { low = (low >>> 1) ^ -(low & 1); p++; }");
      out.line("else { low = intAt(b, p); p = skipVarint(b, p); }");
      out.line("high = low >> 31;");
      give(out, tree, "integer");
      break;
    case "long":
      out.line(LONG);
      give(out, tree, "integer");
      break;
    case "float":
    case "double":
      out.line(node.kind === "float" ? "x = floatAt(b, p); p += 4;" : "x = doubleAt(b, p); p += 8;");
      give(out, tree, "number");
      break;
    case "enum":
      out.line(`s = symbolAt(b, p, ${out.constant(node.symbols.map((each) => Buffer.from(each)))});`);
      out.line("from = 0; to = s.length; p = skipVarint(b, p);");
      give(out, tree, "bytes");
      break;
    case "fixed":
      out.line(`n = ${out.integer(node.size)};`);
      writeBytes(out, tree);
      break;
    case "bytes":
    case "string":
      out.line("n = b[p++];");
      out.line("if ((n & 129) === 0) n >>= 1; else { n = numberAt(b, p - 1); p = skipVarint(b, p - 1); }");
      writeBytes(out, tree);
      break;
  }
}

function writeBytes(out: SourceWriter, tree: TakerTree): void {
  out.line(`if (n < 0 || n > end - p) ${REFUSE}`);
  out.line("s = b; from = p; to = p += n;");
  give(out, tree, "bytes");
}

function give(out: SourceWriter, { takers }: TakerTree, method: keyof Taker): void {
  for (const taker of takers) taker[method]!(out);
}

/** Reads a long into `low` and `high`, as `putLong` does; written out, since much of a row are longs. */
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
          for (let shift = 10; n > 127; shift += 7) {
            n = b[p++];
            if (shift === 31 && n > 1) fail("a long of more than 64 bits");
            high |= (n & 127) << shift;
          }
        }
      }
    }
  }
}
n = -(low & 1); low = ((low >>> 1) | (high << 31)) ^ n; high = (high >>> 1) ^ n;`;
