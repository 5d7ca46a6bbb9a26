import { leastBytes } from "./schema-size.ts";
import type { RecordNode, SchemaNode } from "./schema-tree.ts";
import type { SourceWriter } from "./source-writer.ts";

/** Writes the code that leads past values that follow each other; what is alike is passed over together. */
export function writeSkips(out: SourceWriter, nodes: readonly SchemaNode[]): void {
  const flat = nodes.flatMap((node) => flattened(out, node));
  for (let i = 0, next = 0; i < flat.length; i = next) {
    next = i + 1;
    const kind = kindOf(flat[i]!);
    while (kind !== "other" && next < flat.length && kindOf(flat[next]!) === kind) next++;
    if (kind === "sized")
      out.line(`p += ${out.integer(flat.slice(i, next).reduce((sum, node) => sum + leastBytes(node), 0))};`);
    else if (next - i > 1) writeSkipVarints(out, next - i);
    else writeSkip(out, flat[i]!);
  }
}

/** The parts of records that are written in place, in order. */
function flattened(out: SourceWriter, node: SchemaNode): readonly SchemaNode[] {
  if (node.kind !== "record" || !out.inlines(node)) return [node];
  return node.fields.flatMap(({ type }) => flattened(out, type));
}

/** Values of one size and integers are passed over together; `other` is everything else. */
function kindOf({ kind }: SchemaNode): "sized" | "varint" | "other" {
  switch (kind) {
    case "null":
    case "boolean":
    case "float":
    case "double":
    case "fixed":
      return "sized";
    case "int":
    case "long":
    case "enum":
      return "varint";
    default:
      return "other";
  }
}

/** Counts the bytes that end an integer, without a branch that depends on them: lengths cannot be foreseen. */
function writeSkipVarints(out: SourceWriter, count: number): void {
  const [left, more, run, most] = [out.variable(), out.variable(), out.variable(), out.variable()];
  out.line(`for (let ${left} = ${out.integer(count)}, ${more} = 0, ${run} = 0, ${most} = 0; ${left} > 0; ) {`);
  out.line(`${more} = b[p++] >>> 7; ${left} -= 1 - ${more};`);
  out.line(`${run} = (${run} + 1) & -${more}; ${most} |= 9 - ${run};`);
  out.line(`if (${left} === 0 && ${most} < 0) fail("an integer of more than ten bytes");`);
  out.line("}");
}

/** Writes the code that leads past one value. */
export function writeSkip(out: SourceWriter, node: SchemaNode): void {
  switch (node.kind) {
    case "int":
    case "long":
    case "enum":
      // Without a call up to six bytes, which times in milliseconds have.
      out.line(`if (${Array(6).fill("b[p++] > 127").join(" && ")}) p = skipVarint(b, p - 6);`);
      break;
    case "bytes":
    case "string":
      // Most are short, and a call for each would cost more than the reading.
      out.line("n = b[p++];");
      out.line("if ((n & 129) === 0 && n >> 1 <= end - p) p += n >> 1; else p = skipBytes(b, p - 1, end);");
      break;
    case "union":
      out.branches(node.branches, (branch) => writeSkip(out, branch));
      break;
    case "array":
      writeSkipBlocks(out, leastBytes(node.items), () => writeSkip(out, node.items));
      break;
    case "map":
      writeSkipBlocks(out, 1 + leastBytes(node.values), () => {
        out.line("p = skipBytes(b, p, end);");
        writeSkip(out, node.values);
      });
      break;
    case "record":
      writeSkipRecord(out, node);
      break;
    default:
      writeSkips(out, [node]);
  }
}

function writeSkipRecord(out: SourceWriter, record: RecordNode): void {
  const parts = record.fields.map((field) => field.type);
  if (out.inlines(record)) {
    writeSkips(out, parts);
    return;
  }
  const skipper = out.function(record, record, () => {
    writeSkips(out, parts);
    out.leave(record);
    out.line("return p;");
  });
  out.line(`p = ${skipper}(b, p, end);`);
}

/** Blocks of items: [count, items]… 0; a negative count is followed by the block's size, which spares the items. */
function writeSkipBlocks(out: SourceWriter, least: number, item: () => void): void {
  const count = out.variable();
  out.line(`for (let ${count}; (${count} = numberAt(b, p)) !== 0;) {`);
  out.line("p = skipVarint(b, p);");
  out.line(`if (${count} < 0) { p = skipBytes(b, p, end); continue; }`);
  // Items that take no bytes need no loop either.
  if (least > 0) {
    out.line(`checkCount(${count}, ${out.integer(Math.min(least, Number.MAX_SAFE_INTEGER))}, p, end);`);
    out.line(`for (; ${count} > 0; ${count}--) {`);
    item();
    out.line("}");
  }
  out.line("}");
  out.line("p = skipVarint(b, p);");
}
