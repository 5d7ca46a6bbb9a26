import { leastBytes } from "./schema-size.ts";
import type { RecordNode, SchemaNode } from "./schema-tree.ts";
import type { SourceWriter } from "./source-writer.ts";

/** Writes the code that leads past values that follow each other. */
export function writeSkips(out: SourceWriter, nodes: readonly SchemaNode[]): void {
  for (const node of nodes) writeSkip(out, node);
}

/** Writes the code that leads past one value. */
export function writeSkip(out: SourceWriter, node: SchemaNode): void {
  switch (node.kind) {
    case "null":
      break;
    case "boolean":
      out.line("p++;");
      break;
    case "int":
    case "long":
    case "enum":
      out.line("if (b[p++] > 127) p = skipVarint(b, p - 1);");
      break;
    case "float":
      out.line("p += 4;");
      break;
    case "double":
      out.line("p += 8;");
      break;
    case "fixed":
      out.line(`p += ${out.integer(node.size)};`);
      break;
    case "bytes":
    case "string":
      out.line("p = skipBytes(b, p, end);");
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
  }
}

function writeSkipRecord(out: SourceWriter, record: RecordNode): void {
  const fields = () =>
    writeSkips(
      out,
      record.fields.map((field) => field.type),
    );
  if (out.inlines(record)) {
    fields();
    return;
  }
  const skipper = out.function(record, record, () => {
    fields();
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
