import type { Reading, RecordReading, Scalar } from "./resolution.ts";
import { leastBytes } from "./schema-size.ts";
import { writeSkip } from "./skip-source.ts";
import type { SourceWriter } from "./source-writer.ts";

/**
 * Writes the code that reads one value as plain JavaScript and assigns it to the variable `into`: longs are bigint,
 * bytes a Uint8Array of their own, enums their symbol, a union's value its bare value, maps and records objects.
 */
export function writeValue(out: SourceWriter, reading: Reading, into: string): void {
  switch (reading.kind) {
    case "scalar":
      writeScalar(out, reading, into);
      break;
    case "enum":
      out.line(`${into} = symbolAt(b, p, ${out.constant(reading.symbols)}); p = skipVarint(b, p);`);
      break;
    case "unreadable":
      out.line(`fail(${out.constant(reading.reason)});`);
      break;
    case "union":
      out.branches(reading.branches, (branch) => writeValue(out, branch, into));
      break;
    case "array":
      writeBlocks(out, leastBytes(reading.writer), `${into} = [];`, () => {
        const item = writeNew(out, reading.items);
        out.line(`${into}.push(${item});`);
      });
      break;
    case "map":
      writeBlocks(out, 1, `${into} = {};`, () => {
        const key = out.variable();
        writeLength(out);
        out.line(`const ${key} = textAt(b, p, p + n); p += n;`);
        const value = writeNew(out, reading.values);
        out.line(`setEntry(${into}, ${key}, ${value});`);
      });
      break;
    case "record":
      writeRecord(out, reading, into);
      break;
  }
}

function writeScalar(out: SourceWriter, { writer, reader }: Scalar, into: string): void {
  switch (writer.kind) {
    case "null":
      out.line(`${into} = null;`);
      break;
    case "boolean":
      out.line(`${into} = booleanAt(b, p); p++;`);
      break;
    case "int":
    case "long":
      out.line(`${into} = ${integerAt(writer.kind, reader.kind)}; p = skipVarint(b, p);`);
      break;
    case "float":
      out.line(`${into} = floatAt(b, p); p += 4;`);
      break;
    case "double":
      out.line(`${into} = doubleAt(b, p); p += 8;`);
      break;
    case "fixed":
      out.line(`n = ${out.integer(writer.size)}; checkLength(n, p, end);`);
      out.line(`${into} = bytesAt(b, p, p + n); p += n;`);
      break;
    case "bytes":
    case "string":
      writeLength(out);
      out.line(`${into} = ${reader.kind === "string" ? "textAt" : "bytesAt"}(b, p, p + n); p += n;`);
      break;
  }
}

function integerAt(writer: "int" | "long", reader: string): string {
  if (reader === "int") return "intAt(b, p)";
  if (reader === "long") return writer === "int" ? "BigInt(intAt(b, p))" : "bigAt(b, p)";
  return reader === "float" ? "Math.fround(numberAt(b, p))" : "numberAt(b, p)";
}

function writeRecord(out: SourceWriter, reading: RecordReading, into: string): void {
  const record = reading.writer;
  if (out.inlines(record)) {
    writeFields(out, reading, into);
    return;
  }
  const reader = out.function(reading, record, () => {
    out.line("let value;");
    writeFields(out, reading, "value");
    out.leave(record);
    out.line("at = p; return value;");
  });
  out.line(`${into} = ${reader}(b, p, end); p = at;`);
}

function writeFields(out: SourceWriter, reading: RecordReading, into: string): void {
  const values = new Map(reading.defaults.map(({ name, value }) => [name, out.constant(value)]));
  for (const { type, reads } of reading.steps) {
    if (reads.length === 0) writeSkip(out, type);
    out.repeatedly(reads, (read) => values.set(read.name, writeNew(out, read.reading)));
  }
  const entries = reading.names.map((name) => `[${out.constant(name)}]: ${values.get(name)!}`);
  out.line(`${into} = { ${entries.join(", ")} };`);
}

function writeBlocks(out: SourceWriter, least: number, start: string, item: () => void): void {
  const count = out.variable();
  out.line(start);
  out.line(`for (let ${count}; (${count} = numberAt(b, p)) !== 0;) {`);
  out.line("p = skipVarint(b, p);");
  out.line(`if (${count} < 0) { ${count} = -${count}; p = skipVarint(b, p); }`);
  if (least > 0) out.line(`checkCount(${count}, ${out.integer(Math.min(least, Number.MAX_SAFE_INTEGER))}, p, end);`);
  else out.line(`if ((spare -= ${count}) < 0) fail("too many items that take no bytes");`);
  out.line(`for (; ${count} > 0; ${count}--) {`);
  item();
  out.line("}");
  out.line("}");
  out.line("p = skipVarint(b, p);");
}

/** Writes the code for a value in a new variable, and gives its name. */
function writeNew(out: SourceWriter, reading: Reading): string {
  const variable = out.variable();
  out.line(`let ${variable};`);
  writeValue(out, reading, variable);
  return variable;
}

/** `n` becomes the length at `p`, checked, and `p` leads past it. */
function writeLength(out: SourceWriter): void {
  out.line("n = numberAt(b, p); p = skipVarint(b, p); checkLength(n, p, end);");
}
