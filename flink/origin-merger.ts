import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { assert } from "../base/errors.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Control } from "../dataflow/operator.ts";
import type { Origin } from "./control-codec.ts";

/** What the origins of an input have said of one source, or of the watermark. */
interface Said {
  /** Per origin. */
  readonly through: number[];
  readonly stale: boolean[];
  since: number;
  combined: number;
  isStale: boolean;
}

/**
 * The control elements of one input, which come uncombined from several origins, each in order with its own rows. A
 * frontier or watermark is the least of all origins', and there is none before every origin has spoken; a source is stale
 * while it is so for one of them; the rest passes.
 *
 * What every origin said last is part of checkpoints here, and not only with who said it: a source's subtask that has
 * finished has no state in Flink any more, and would never speak again. So origins are things that stay, such as splits.
 */
export class OriginMerger {
  /** By source; the watermark is that of no source. */
  readonly #said = new Map<string, Said>();

  /** The element to hand on, or undefined where it changes nothing yet. */
  merge(origin: Origin, element: Control): Control | undefined {
    switch (element.type) {
      case "frontier": {
        const said = this.#of(element.source, origin.count);
        said.since = Math.max(said.since, element.since);
        if (!advance(said, origin.index, element.through)) return undefined;
        return { ...element, through: said.combined, since: said.since };
      }
      case "watermark": {
        const said = this.#of("", origin.count);
        return advance(said, origin.index, element.time) ? { type: "watermark", time: said.combined } : undefined;
      }
      case "status": {
        const said = this.#of(element.source, origin.count);
        said.stale[origin.index] = element.status === "stale";
        const isStale = said.stale.includes(true);
        if (isStale === said.isStale) return undefined;
        said.isStale = isStale;
        return element;
      }
      default:
        return element;
    }
  }

  save(out: ByteWriter): void {
    out.uint(this.#said.size);
    for (const [source, { through, since }] of this.#said) {
      out.text(source);
      out.float64(since);
      out.uint(through.length);
      for (const time of through) out.float64(time);
    }
  }

  /** Takes in what one former subtask saved. What follows from it has been handed on before the checkpoint. */
  restore(input: ByteReader): void {
    for (let sources = input.uint(); sources > 0; sources--) {
      const source = input.text();
      const since = input.float64();
      const count = input.uint();
      const said = this.#of(source, count);
      said.since = Math.max(said.since, since);
      for (let origin = 0; origin < count; origin++) advance(said, origin, input.float64());
    }
  }

  #of(source: string, count: number): Said {
    let said = this.#said.get(source);
    if (said === undefined) {
      const through = new Array<number>(count).fill(BEFORE_ALL_TIME);
      const stale = new Array<boolean>(count).fill(false);
      said = { through, stale, since: BEFORE_ALL_TIME, combined: BEFORE_ALL_TIME, isStale: false };
      this.#said.set(source, said);
    }
    assert(said.through.length === count, `an input has ${said.through.length} origins, not ${count}`);
    return said;
  }
}

/** Takes an origin's time in; true when the least of all moved. */
function advance(said: Said, origin: number, time: number): boolean {
  if (time <= said.through[origin]!) return false;
  said.through[origin] = time;
  const least = Math.min(...said.through);
  if (least <= said.combined) return false;
  said.combined = least;
  return true;
}
