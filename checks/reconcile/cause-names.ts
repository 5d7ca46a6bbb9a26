import type { Judgement } from "../rule.ts";
import { FAILURE_CLASSES, type FailureClass } from "./judgement.ts";

/** What each cause is called in verdicts and alerts. */
export type ClassNames = Readonly<Record<FailureClass, string>>;

/** Causes by the names that a rule gives them; its own where it gives none. */
export class CauseNames {
  readonly #names: Readonly<Partial<Record<string, string>>>;
  readonly #causes: ReadonlyMap<string, FailureClass>;

  constructor(names: Partial<ClassNames> = {}) {
    this.#names = names;
    this.#causes = new Map(FAILURE_CLASSES.map((cause) => [names[cause] ?? cause, cause]));
  }

  /** A judgement with the name of its cause. */
  named(judgement: Judgement): Judgement {
    const name = judgement.class === null ? undefined : this.#names[judgement.class];
    return name === undefined ? judgement : { ...judgement, class: name };
  }

  /** The cause of a name; undefined for what the rule does not say. */
  causeOf(name: string | null): FailureClass | undefined {
    return name === null ? undefined : this.#causes.get(name);
  }
}
