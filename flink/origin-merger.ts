import type { ByteReader, ByteWriter } from "../base/bytes.ts";
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
 * What was combined is part of checkpoints: a task that was restored hears it again. What each origin said is not, for all of
 * them speak anew then, and one may say less than before, because it reads splits now that it did not know.
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
    for (const [source, { combined, since }] of this.#said) {
      out.text(source);
      out.float64(combined);
      out.float64(since);
    }
  }

  /** Where the input stands, for a task that was restored: it hears again what it has heard before the checkpoint. */
  standing(): Control[] {
    return [...this.#said].flatMap(([source, { combined, since }]): Control[] => {
      if (combined === BEFORE_ALL_TIME) return [];
      if (source === "") return [{ type: "watermark", time: combined }];
      return [{ type: "frontier", source, through: combined, since }];
    });
  }

  /** Takes in what former subtasks saved: the least that one of them had heard, and nothing where one had heard nothing. */
  restore(saved: readonly ByteReader[]): void {
    const all = saved.map(readSaid);
    for (const source of new Set(all.flatMap((said) => [...said.keys()]))) {
      const heard = all.map((said) => said.get(source));
      const said = this.#of(source, 0);
      said.combined = Math.min(...heard.map((each) => each?.combined ?? BEFORE_ALL_TIME));
      said.since = Math.max(...heard.map((each) => each?.since ?? BEFORE_ALL_TIME));
    }
  }

  #of(source: string, count: number): Said {
    const known = this.#said.get(source);
    if (known?.through.length === count) return known;
    const { since, combined, isStale } = known ?? { since: BEFORE_ALL_TIME, combined: BEFORE_ALL_TIME, isStale: false };
    const through = new Array<number>(count).fill(BEFORE_ALL_TIME);
    const said = { through, stale: new Array<boolean>(count).fill(false), since, combined, isStale };
    this.#said.set(source, said);
    return said;
  }
}

function readSaid(input: ByteReader): Map<string, Pick<Said, "combined" | "since">> {
  const said = new Map<string, Pick<Said, "combined" | "since">>();
  for (let sources = input.uint(); sources > 0; sources--) {
    said.set(input.text(), { combined: input.float64(), since: input.float64() });
  }
  return said;
}

/** Takes an origin's time in; true when the least of all moved. */
function advance(said: Said, origin: number, time: number): boolean {
  if (time <= said.through[origin]!) return false;
  said.through[origin] = time;
  const least = Math.min(...said.through);
  // Where all that holds business of a source is read nowhere, nothing is proven of it.
  if (least <= said.combined || least === Number.POSITIVE_INFINITY) return false;
  said.combined = least;
  return true;
}
