import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Key } from "../base/key.ts";
import type { Suspension } from "../dataflow/source.ts";
import type { CheckRule } from "./rule.ts";

/** What of a suspension matters here, and the inputs that it stopped. */
interface Stop extends Pick<Suspension, "time" | "message"> {
  readonly inputs: Set<number>;
}

/** What a faulty record hides: keys, where they can be told, or any key of some inputs. */
interface Hidden {
  readonly keys: Set<Key>;
  readonly inputs: Set<number>;
}

/**
 * What cannot be seen: faulty records that hide keys, or any key of an input, until a person settles them; suspensions
 * of the whole check.
 */
export class Blindness {
  readonly #rule: CheckRule;
  readonly #faults = new Map<string, Hidden>();
  /** Faults that hide a key. */
  readonly #faultsOfKey = new Map<Key, Set<string>>();
  /** Faults that may hide any key, by input. */
  readonly #faultsOfInput = new Map<number, Set<string>>();
  readonly #suspensions = new Map<string, Stop>();

  constructor(rule: CheckRule) {
    this.#rule = rule;
  }

  /** A faulty record hides a key. */
  hideKey(fault: string, key: Key): void {
    this.#hiddenBy(fault).keys.add(key);
    addTo(this.#faultsOfKey, key, fault);
  }

  /** A faulty record may hide any key of an input; true when it is the only one that does. */
  hideInput(fault: string, input: number): boolean {
    this.#hiddenBy(fault).inputs.add(input);
    return addTo(this.#faultsOfInput, input, fault) === 1;
  }

  /** A person settled a fault: gives the keys that it alone hid, and whether some input is seen whole again. */
  settle(fault: string): { readonly keys: readonly Key[]; readonly input: boolean } {
    const hidden = this.#faults.get(fault);
    if (hidden === undefined) return { keys: [], input: false };
    this.#faults.delete(fault);
    const keys = [...hidden.keys].filter((key) => removeFrom(this.#faultsOfKey, key, fault));
    const inputs = [...hidden.inputs].filter((input) => removeFrom(this.#faultsOfInput, input, fault));
    return { keys, input: inputs.length > 0 };
  }

  /** From the suspension's time on, nothing is judged, until it is resumed on all inputs that it came on. */
  suspend(input: number, { id, time, message }: Pick<Suspension, "id" | "time" | "message">): void {
    const known = this.#suspensions.get(id);
    const inputs = (known?.inputs ?? new Set()).add(input);
    this.#suspensions.set(id, { time: Math.min(time, known?.time ?? time), message, inputs });
  }

  /** True when that ended the suspension. */
  resume(input: number, suspension: string): boolean {
    const known = this.#suspensions.get(suspension);
    return known?.inputs.delete(input) === true && known.inputs.size === 0 && this.#suspensions.delete(suspension);
  }

  /** The last time before all suspensions: what is due then can be judged. +∞ without any. */
  get judgeableThrough(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { time } of this.#suspensions.values()) first = Math.min(first, time);
    return first - 1;
  }

  /** Why a point waits, or null where no suspension holds it up. */
  suspensionAt(point: number): string | null {
    for (const { time, message } of this.#suspensions.values()) if (point >= time) return message;
    return null;
  }

  /** Something is hidden of some keys. */
  get hidesKeys(): boolean {
    return this.#faultsOfKey.size > 0;
  }

  /** Why nothing can be said of a key, or null. */
  reasonFor(key: Key): string | null {
    if (this.#faultsOfKey.size === 0) return null;
    const [fault] = this.#faultsOfKey.get(key) ?? [];
    return fault === undefined ? null : `record ${fault} is in the dead letters`;
  }

  /** Why a failure cannot be told from a record that could not be read, or null. */
  reasonForSilence(cause: string): string | null {
    for (const [input, [fault]] of this.#faultsOfInput) {
      if (this.restsOn(cause, input)) return `record ${fault} is in the dead letters and may belong to any key`;
    }
    return null;
  }

  /** True when a row of the input that was not seen could undo a failure of the class. */
  restsOn(cause: string, input: number): boolean {
    return this.#rule.legs.some((leg) => leg.input === input && this.#rule.restsOn(cause, leg));
  }

  /** Writes faults and suspensions. */
  save(out: ByteWriter): void {
    out.uint(this.#faults.size);
    for (const [fault, { keys, inputs }] of this.#faults) {
      out.text(fault);
      out.uint(keys.size);
      for (const key of keys) out.text(key);
      out.uint(inputs.size);
      for (const input of inputs) out.uint(input);
    }
    out.uint(this.#suspensions.size);
    for (const [id, { time, message, inputs }] of this.#suspensions) {
      out.text(id);
      out.float64(time);
      out.text(message);
      out.uint(inputs.size);
      for (const input of inputs) out.uint(input);
    }
  }

  /** Takes in what `save` wrote. `inputs`: by number at that time, their numbers now. */
  restore(input: ByteReader, inputs: readonly number[]): void {
    for (let faults = input.uint(); faults > 0; faults--) {
      const fault = input.text();
      for (let keys = input.uint(); keys > 0; keys--) this.hideKey(fault, input.text());
      for (let left = input.uint(); left > 0; left--) this.hideInput(fault, inputs[input.uint()]!);
    }
    for (let left = input.uint(); left > 0; left--) {
      const suspension = { id: input.text(), time: input.float64(), message: input.text() };
      for (let stopped = input.uint(); stopped > 0; stopped--) this.suspend(inputs[input.uint()]!, suspension);
    }
  }

  #hiddenBy(fault: string): Hidden {
    const known = this.#faults.get(fault);
    if (known !== undefined) return known;
    const fresh: Hidden = { keys: new Set(), inputs: new Set() };
    this.#faults.set(fault, fresh);
    return fresh;
  }
}

/** Adds to the set of a key; gives its size. */
function addTo<K>(sets: Map<K, Set<string>>, key: K, value: string): number {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(value));
  return set.size;
}

/** Removes from the set of a key; true when it was the last. */
function removeFrom<K>(sets: Map<K, Set<string>>, key: K, value: string): boolean {
  const set = sets.get(key);
  set?.delete(value);
  return set?.size === 0 && sets.delete(key);
}
