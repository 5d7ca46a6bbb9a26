import type { Batch } from "../../base/batch.ts";
import { SourceWriter } from "../../schemas/source-writer.ts";

/** The text of a fused decoder, with what it names before its loop begins. */
export class FusedWriter extends SourceWriter {
  readonly #names = new Map<string, string>();
  readonly #prologue: string[] = [];
  #locals = 0;

  /** Lines that stand before the loop. */
  get prologue(): readonly string[] {
    return this.#prologue;
  }

  /** The name of an object's array, as it is while the loop runs. */
  array(of: object, property: "values" | "words" | "nulls"): string {
    return this.#once(`${this.known(of)}.${property}`);
  }

  /** The row of a model's batch that the record becomes. */
  rowOf(batch: Batch): string {
    return `row + ${this.#once(`${this.known(batch)}.count`)}`;
  }

  /** A number that lasts from one record to the next, and no longer than the loop. */
  local(initial = "0"): string {
    const name = `u${this.#locals++}`;
    this.#prologue.push(`let ${name} = ${initial};`);
    return name;
  }

  /** The name of a constant, the same each time. */
  known(value: object): string {
    let name = this.#constantNames.get(value);
    if (name === undefined) {
      name = this.constant(value);
      this.#constantNames.set(value, name);
    }
    return name;
  }

  readonly #constantNames = new Map<object, string>();

  #once(expression: string): string {
    let name = this.#names.get(expression);
    if (name === undefined) {
      name = `a${this.#names.size}`;
      this.#names.set(expression, name);
      this.#prologue.push(`const ${name} = ${expression};`);
    }
    return name;
  }
}
