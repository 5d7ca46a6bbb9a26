/** What a job says of a payment of which the money does not add up. */
export interface Finding {
  readonly payment: string;
  readonly currency: string;
  readonly class: string;
  /** The difference, in cents. */
  readonly amount: number;
}

/** How what was found is held against the truth. */
export interface Comparison {
  readonly isRight: boolean;
  readonly found: number;
  readonly missed: number;
  readonly wrong: number;
  /** A few of what was missed or is wrong. */
  readonly examples: readonly string[];
}

/** Holds what was found, each as often as it was told, against what had to be. */
export function compareFindings(truth: readonly Finding[], found: readonly Finding[]): Comparison {
  const wanted = new Set(truth.map(textOf));
  const wrong: string[] = [];
  for (const finding of found) {
    const text = textOf(finding);
    // Told twice is wrong too.
    if (!wanted.delete(text)) wrong.push(text);
  }
  const missed = [...wanted];
  return {
    isRight: truth.length > 0 && missed.length === 0 && wrong.length === 0,
    found: found.length,
    missed: missed.length,
    wrong: wrong.length,
    examples: [
      ...missed.slice(0, 5).map((text) => `missed: ${text}`),
      ...wrong.slice(0, 5).map((text) => `wrong: ${text}`),
    ],
  };
}

function textOf({ payment, currency, class: name, amount }: Finding): string {
  return `${payment} ${currency} ${name} ${amount}`;
}
