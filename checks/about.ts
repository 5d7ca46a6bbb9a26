import type { Judgement } from "./rule.ts";

/** What of a key a judgement is about. */
export type About = Pick<Judgement, "currency" | "period">;

/** True when two are about the same currency and period. */
export function isAbout(left: About, right: About): boolean {
  return left.currency === right.currency && left.period === right.period;
}

/** So many are looked through for one of them; of more a map is made. */
const FEW = 8;

/** Things of a key by what they are about: most keys have one, but those with periods may have any number. */
export class ByAbout<T extends About> {
  readonly #items: T[];
  readonly #map: Map<string, T> | null;

  /** `coming`: how many may be added. What is added is added to `items`. */
  constructor(items: T[], coming: number) {
    this.#items = items;
    const isMany = items.length + coming > FEW;
    this.#map = isMany ? new Map(items.map((item) => [nameOf(item), item])) : null;
  }

  get(about: About): T | undefined {
    if (this.#map !== null) return this.#map.get(nameOf(about));
    return this.#items.find((item) => isAbout(item, about));
  }

  add(item: T): void {
    this.#items.push(item);
    this.#map?.set(nameOf(item), item);
  }
}

function nameOf({ currency, period }: About): string {
  return `${currency}/${period}`;
}
