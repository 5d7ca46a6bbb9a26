/**
 * How much room a new record is given behind it, by what records came to grow: where most do, they grow where they are, and are
 * not moved. Where few do there is none, and there is never much more of it than records have been seen to need.
 */
export class RecordRoom {
  /** Bytes behind a record that is made now. */
  bytes = 0;
  /** Records that were made, and by how many bytes any grew; older ones count for less. */
  #made = 0;
  #grown = 0;
  /** By so much or less grow nine of ten that grow. */
  #step = 0;

  /** A record was made. */
  made(): void {
    if ((++this.#made & (LEARN_EVERY - 1)) === 0) this.#learn();
  }

  /** A record became longer. */
  grew(bytes: number): void {
    this.#grown += bytes;
    if (bytes > this.#step) this.#step += STEP_UP;
    else this.#step = Math.max(this.#step - STEP_DOWN, STEP_DOWN);
  }

  #learn(): void {
    const steps = this.#grown < this.#made ? 0 : Math.round(this.#grown / this.#made / this.#step);
    this.bytes = Math.min(steps * this.#step, MOST_BYTES);
    if (this.#made < REMEMBERED) return;
    this.#made /= 2;
    this.#grown /= 2;
  }
}

const LEARN_EVERY = 32;
/** Records after which those before count half. */
const REMEMBERED = 16_384;
/** In a ratio of nine to one. */
const STEP_UP = 9;
const STEP_DOWN = 1;
const MOST_BYTES = 1_024;
