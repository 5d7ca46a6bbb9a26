/** Findings as a count and a sum for each class, which is small however many there are. */
export class Findings {
  readonly #classes = new Map<string, { count: number; payments: bigint; cents: number }>();

  /** Takes one in. */
  add(name: string, payment: bigint, cents: number): void {
    const sums = this.#classes.get(name) ?? { count: 0, payments: 0n, cents: 0 };
    this.#classes.set(name, sums);
    sums.count++;
    sums.payments += payment;
    sums.cents += cents;
  }

  /** How many there are. */
  get count(): number {
    return [...this.#classes.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** The same for the same findings, in whatever order they came. */
  toString(): string {
    return [...this.#classes]
      .map(([name, { count, payments, cents }]) => `${name}: ${count}, ${payments}, ${cents}`)
      .sort()
      .join("; ");
  }
}
