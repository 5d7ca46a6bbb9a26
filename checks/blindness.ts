import type { Key } from "../base/key.ts";
import type { Suspension } from "../dataflow/source.ts";
import type { FailureClass } from "./judgement.ts";
import type { ReconcileRule, RuleLeg } from "./rule.ts";

/**
 * What cannot be seen: faulty records that hide a key, or any key of an input, until a person settles them; suspensions
 * of the whole check; keys that wait for a stale source.
 */
export class Blindness {
  readonly #rule: ReconcileRule;
  readonly #keyOfFault = new Map<string, Key>();
  readonly #faultsOfKey = new Map<Key, Set<string>>();
  readonly #inputOfFault = new Map<string, number>();
  readonly #suspensions = new Map<string, Suspension>();
  #waiting: { readonly key: Key; readonly time: number }[] = [];

  constructor(rule: ReconcileRule) {
    this.#rule = rule;
  }

  /** A faulty record that belongs to a key. */
  faultOfKey(fault: string, key: Key): void {
    this.#keyOfFault.set(fault, key);
    const faults = this.#faultsOfKey.get(key) ?? new Set();
    this.#faultsOfKey.set(key, faults.add(fault));
  }

  /** A faulty record that may belong to any key. */
  faultOfInput(fault: string, input: number): void {
    this.#inputOfFault.set(fault, input);
  }

  /** A person settled a fault: gives the keys to judge again. */
  settle(fault: string): readonly Key[] | "unobservable" {
    if (this.#inputOfFault.delete(fault)) return "unobservable";
    const key = this.#keyOfFault.get(fault);
    if (key === undefined) return [];
    this.#keyOfFault.delete(fault);
    const faults = this.#faultsOfKey.get(key)!;
    faults.delete(fault);
    if (faults.size === 0) this.#faultsOfKey.delete(key);
    return [key];
  }

  /** From the suspension's time on, nothing is judged. */
  suspend(suspension: Suspension): void {
    this.#suspensions.set(suspension.id, suspension);
  }

  /** False when the suspension was not known here. */
  resume(suspension: string): boolean {
    return this.#suspensions.delete(suspension);
  }

  /** Why nothing can be said of a key at a point, or null. */
  reasonFor(key: Key, point: number): string | null {
    if (this.#suspensions.size > 0) {
      for (const { time, message } of this.#suspensions.values()) if (point >= time) return message;
    }
    if (this.#faultsOfKey.size === 0) return null;
    const [fault] = this.#faultsOfKey.get(key) ?? [];
    return fault === undefined ? null : `record ${fault} is in the dead letters`;
  }

  /** Why a failure cannot be told from a record that could not be read, or null. */
  reasonForSilence(cause: FailureClass): string | null {
    for (const [fault, input] of this.#inputOfFault) {
      if (this.#restsOn(cause, input)) return `record ${fault} is in the dead letters and may belong to any key`;
    }
    return null;
  }

  waitForStale(key: Key, time: number): void {
    this.#waiting.push({ key, time });
  }

  /** The keys that waited for a stale source, no longer waiting here. */
  takeWaiting(): readonly { readonly key: Key; readonly time: number }[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** True when a row of the input that was not seen could undo a failure of the class. */
  #restsOn(cause: FailureClass, input: number): boolean {
    return this.#rule.legs.some((leg) => leg.input === input && couldUndo(cause, leg));
  }
}

function couldUndo(cause: FailureClass, leg: RuleLeg): boolean {
  switch (cause) {
    case "missing":
    case "under-charge":
      return leg.side === "actual" || leg.sign === -1;
    case "unknown-payment":
      return leg.side === "expect" && leg.sign === 1;
    case "over-charge":
      return leg.side === "actual" || leg.sign === 1;
    case "currency-mismatch":
      return true;
    case "unknown-after-retention":
      return false;
  }
}
