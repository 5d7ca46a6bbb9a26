import type { AlarmChunk, AlarmChunks } from "./alarm-chunks.ts";

/** Alarms in the order of their times, first in, first out. The chunks in the middle of a long lane are in a file. */
export class AlarmLane {
  /** Time of the first alarm; +∞ if there is none. */
  first = Number.POSITIVE_INFINITY;
  /** Time of the last one that was pushed; −∞ before that. */
  last = Number.NEGATIVE_INFINITY;
  /** What its owner notes of it. */
  mark = 0;
  readonly #chunks: AlarmChunks;
  /** Places of those behind the head and in front of the tail. */
  readonly #middle: number[] = [];
  #head: AlarmChunk;
  #tail: AlarmChunk;
  /** Where the first one is in the head, and where the next one goes in the tail. */
  #from = 0;
  #to = 0;

  constructor(chunks: AlarmChunks) {
    this.#chunks = chunks;
    this.#head = chunks.take();
    this.#tail = this.#head;
  }

  /** Adds an alarm at or behind the last one. */
  push(time: number, hash: number): void {
    if (this.#to === this.#chunks.length) this.#extend();
    this.#tail.times[this.#to] = time;
    this.#tail.hashes[this.#to] = hash;
    this.#to++;
    this.last = time;
    if (time < this.first) this.first = time;
  }

  /** Takes those at or before `through`, in order; more may be pushed meanwhile. */
  take(through: number, visit: (time: number, hash: number) => void): void {
    while (this.first <= through) {
      const time = this.first;
      const hash = this.#head.hashes[this.#from]!;
      this.#advance();
      visit(time, hash);
    }
  }

  /** Gives back its memory, where it has no alarms; it must not be used any more. */
  close(): void {
    this.#chunks.give(this.#head);
  }

  #advance(): void {
    this.#from++;
    if (this.#head === this.#tail) {
      if (this.#from < this.#to) this.first = this.#head.times[this.#from]!;
      else {
        this.#from = this.#to = 0;
        this.first = Number.POSITIVE_INFINITY;
      }
      return;
    }
    if (this.#from === this.#chunks.length) {
      this.#chunks.give(this.#head);
      const place = this.#middle.shift();
      this.#head = place === undefined ? this.#tail : this.#chunks.get(place);
      this.#from = 0;
    }
    this.first = this.#head.times[this.#from]!;
  }

  /** The tail is full: another one takes its place. */
  #extend(): void {
    if (this.#head !== this.#tail) this.#middle.push(this.#chunks.put(this.#tail));
    this.#tail = this.#chunks.take();
    this.#to = 0;
  }
}
