import { assert } from "../base/errors.ts";
import * as primitives from "./decoder-primitives.ts";
import { expandedSize } from "./schema-size.ts";
import type { RecordNode } from "./schema-tree.ts";

/** A decoding function over the buffer `b`, as source text, and what the text refers to. */
export interface DecoderSource {
  /** The body of a function of `constants`, `primitives` and `malformed` that returns the decoding function. */
  readonly body: string;
  readonly constants: readonly unknown[];
}

/**
 * Records beyond this many types in one decoder become functions of their own: a schema that names records within
 * records many times over must not become a program without end, and V8 does not optimise very long functions.
 */
const INLINE_TYPES = 2_000;

/** Recursive records within each other in one value: the stack ends somewhere. */
const DEPTH_LIMIT = 500;

/** Items that take no bytes (arrays of null) in one record: nothing in the bytes limits their count. */
const EMPTY_ITEMS_LIMIT = 65_536;

/**
 * Collects source text. In every function of it `b` is the buffer, `p` the position, `end` the end of the record and
 * `n` a scratch number. Whatever a schema says (names, symbols, defaults, sizes) comes from outside and is referred to
 * as a constant, or goes through `integer`; it is never written into the text as it is.
 */
export class SourceWriter {
  #lines: string[] = [];
  readonly #constants: unknown[] = [];
  readonly #functions = new Map<object, string>();
  readonly #functionTexts: string[] = [];
  #variables = 0;
  #inlined = 0;

  line(text: string): void {
    this.#lines.push(text);
  }

  /** A variable that is not in use anywhere. */
  variable(): string {
    return `v${this.#variables++}`;
  }

  /** An expression for a value. */
  constant(value: unknown): string {
    return `k${this.#constants.push(value) - 1}`;
  }

  /** The digits of a number that a schema says or leads to, after making sure that it is nothing else. */
  integer(value: number): string {
    assert(Number.isSafeInteger(value), "a schema's sizes are checked before a decoder is written");
    return String(value);
  }

  /** `n` becomes the index of a union's branch, and the code that `emit` adds for that branch runs. */
  branches<T>(branches: readonly T[], emit: (branch: T) => void): void {
    // An index below 64 is one byte of zigzag: twice its value.
    if (branches.length <= 64) this.line("n = b[p++];");
    else this.line("n = 2 * numberAt(b, p); p = skipVarint(b, p);");
    branches.forEach((branch, index) => {
      this.line(`${index === 0 ? "" : "} else "}if (n === ${2 * index}) {`);
      emit(branch);
    });
    this.line(branches.length === 0 ? "" : "} else");
    this.line('fail("a union branch that does not exist");');
  }

  /** Code for each of several readers of the same bytes; `last` is the one that leaves `p` behind them. */
  repeatedly<T>(reads: readonly T[], emit: (read: T, last: boolean) => void): void {
    reads.forEach((read, index) => {
      const last = index === reads.length - 1;
      const from = last ? "" : this.variable();
      if (!last) this.line(`const ${from} = p;`);
      emit(read, last);
      if (!last) this.line(`p = ${from};`);
    });
  }

  /** Whether a record is written in place; if not, the caller makes it a function. */
  inlines(record: RecordNode): boolean {
    const size = expandedSize(record);
    if (record.recursive || this.#inlined + size > INLINE_TYPES) return false;
    this.#inlined += size;
    return true;
  }

  /** The name of the function `(b, p, end)` for `subject`, written on first use; `emit` adds its body. */
  function(subject: object, record: RecordNode, emit: () => void): string {
    const known = this.#functions.get(subject);
    if (known !== undefined) return known;
    const name = `f${this.#functions.size}`;
    this.#functions.set(subject, name);
    const lines = this.#lines;
    this.#lines = [];
    emit();
    const text = this.#lines.join("\n");
    this.#lines = lines;
    const enter = record.recursive ? `if (++depth > ${DEPTH_LIMIT}) fail("records too deep within each other");` : "";
    this.#functionTexts.push(`function ${name}(b, p, end) {\nlet n = 0;\n${enter}\n${text}\n}`);
    return name;
  }

  /** The text of what leaves a function that `function` has written. */
  leave(record: RecordNode): void {
    if (record.recursive) this.line("depth--;");
  }

  /** Wraps all that was written into the decoding function. `columns` are those that it writes. */
  finish(columns: readonly number[], readsAll: boolean): DecoderSource {
    return this.#source([
      "return function decode(b, start, end, batch, row) {",
      "let p = start, n = 0;",
      `depth = 0; spare = ${EMPTY_ITEMS_LIMIT};`,
      "const columns = batch.columns;",
      ...columns.map((column) => `const c${column} = columns[${column}];`),
      "try {",
      ...this.#lines,
      'if (p > end) fail("it ends too early");',
      readsAll ? 'if (p < end) fail("bytes are left over");' : "",
      // By itself, so that what is said of a record does not depend on what happens to lie behind it.
      "} catch (error) {",
      "if (b.length > end) decode(b.subarray(start, end), 0, end - start, batch, row);",
      "throw malformed(error, p - start); }",
      "};",
    ]);
  }

  /** Wraps all that was written between lines that make it a function, which is returned. */
  wrap(begin: readonly string[], end: readonly string[]): DecoderSource {
    return this.#source([...begin, ...this.#lines, ...end]);
  }

  #source(lines: readonly string[]): DecoderSource {
    const body = [
      '"use strict";',
      `const { ${Object.keys(primitives).join(", ")} } = primitives;`,
      ...this.#constants.map((_, index) => `const k${index} = constants[${index}];`),
      "let at = 0, depth = 0, spare = 0;",
      ...this.#functionTexts,
      ...lines,
    ];
    return { body: body.join("\n"), constants: this.#constants };
  }
}
