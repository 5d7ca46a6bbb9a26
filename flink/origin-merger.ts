import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Control } from "../dataflow/operator.ts";
import type { Origin } from "./control-codec.ts";

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
 * while it is so for one of them; the rest passes. Nothing of it is kept in checkpoints: an origin says again where it
 * stands when it starts, and what has been combined does not go back, because operators take the latest only.
 */
export class OriginMerger {
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

  #of(source: string, count: number): Said {
    let said = this.#said.get(source);
    if (said === undefined) {
      const through = new Array<number>(count).fill(BEFORE_ALL_TIME);
      const stale = new Array<boolean>(count).fill(false);
      said = { through, stale, since: BEFORE_ALL_TIME, combined: BEFORE_ALL_TIME, isStale: false };
      this.#said.set(source, said);
    }
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
