import { leastBytes } from "./schema-size.ts";
import type { RecordNode, SchemaNode } from "./schema-tree.ts";
import type { SourceWriter } from "./source-writer.ts";

/** Writes the code that leads past values that follow each other: those of one size together. */
export function writeSkips(out: SourceWriter, nodes: readonly SchemaNode[]): void {
  let bytes = 0;
  const pass = () => {
    if (bytes > 0) out.line(`p += ${out.integer(bytes)};`);
    bytes = 0;
  };
  for (const node of nodes.flatMap((each) => flattened(out, each))) {
    if (isSized(node)) {
      bytes += leastBytes(node);
      continue;
    }
    pass();
    writeSkip(out, node);
  }
  pass();
}

/** The parts of records that are written in place, in order. */
function flattened(out: SourceWriter, node: SchemaNode): readonly SchemaNode[] {
  if (node.kind !== "record" || !out.inlines(node)) return [node];
  return node.fields.flatMap(({ type }) => flattened(out, type));
}

function isSized({ kind }: SchemaNode): boolean {
  return kind === "null" || kind === "boolean" || kind === "float" || kind === "double" || kind === "fixed";
}

/** Writes the code that leads past one value. */
export function writeSkip(out: SourceWriter, node: SchemaNode): void {
  switch (node.kind) {
    case "int":
    case "long":
    case "enum":
      // Up to six bytes, which times in milliseconds have, without a call. A column's integers mostly have one length,
      // so that these branches are foreseen; a loop that counts bytes for several of them at once is slower.
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
