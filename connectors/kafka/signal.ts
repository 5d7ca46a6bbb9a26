/** Wakes one that waits; a notice that comes when nobody does is kept for the next. */
export class Signal {
  #wake: (() => void) | undefined;
  #isNotified = false;

  notify(): void {
    this.#isNotified = true;
    this.#wake?.();
  }

  /** Resolves at the next notice, at once where one was kept, and after `ms` in any case. */
  async wait(ms: number): Promise<void> {
    if (!this.#isNotified) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#isNotified = false;
  }
}
