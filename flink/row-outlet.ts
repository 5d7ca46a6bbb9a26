import type { Batch } from "../base/batch.ts";
import type { ByteWriter } from "../base/bytes.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { FROM_TASK, ROWS } from "./frames.ts";
import type { Handover, Lane, Ticket } from "./handover.ts";
import type { TaskFormat } from "./hosted-task.ts";

/** Rows that are handed over together, at least, while there are more. */
const MOST_ROWS = 1_000;

/** Rows that are gathered for a subtask of the same process. */
interface Gathered {
  readonly lane: Lane;
  readonly batch: Batch;
}

/**
 * Sends the rows of a task on: those for subtasks of the same process are handed over as they are, in batches, and a ticket goes in
 * their place; those for others go as bytes. What is gathered has its place behind all rows before it; `flush` comes
 * before anything else is sent that must not overtake it.
 */
export class RowOutlet {
  readonly #format: TaskFormat;
  readonly #handover: Handover;
  readonly #out: FrameWriter;
  /** By output and subtask. */
  readonly #gathered: (Gathered | undefined)[][];
  #hasGathered = false;
  /** By output and subtask, from the first rows on that were for a subtask of the same process. */
  readonly #lanes: (Lane | undefined)[][];
  readonly #entered: Lane[] = [];

  constructor(format: TaskFormat, handover: Handover, out: FrameWriter) {
    this.#format = format;
    this.#handover = handover;
    this.#out = out;
    this.#gathered = format.outputs.map(() => []);
    this.#lanes = format.outputs.map(() => []);
  }

  /** One in which too many rows wait already. */
  get full(): Lane | undefined {
    for (const lane of this.#entered) if (lane.isFull) return lane;
    return undefined;
  }

  /** Rows of an output, valid during the call. */
  forward(output: number, batch: Batch): void {
    this.#format.cutRows(output, batch, (subtask, piece) => {
      const gathered = this.#gathered[output]![subtask] ?? this.#begin(output, subtask);
      if (gathered === undefined) {
        this.#send(output, subtask, (out) => {
          out.byte(ROWS.written);
          piece.write(out);
        });
        return;
      }
      piece.copy(gathered.batch);
      if (gathered.batch.count >= MOST_ROWS) this.#hand(output, subtask, gathered);
    });
  }

  /** Hands over all that is gathered. */
  flush(): void {
    if (!this.#hasGathered) return;
    this.#hasGathered = false;
    for (const [output, subtasks] of this.#gathered.entries()) {
      for (const [subtask, gathered] of subtasks.entries()) {
        if (gathered !== undefined) this.#hand(output, subtask, gathered);
      }
    }
  }

  /** There are no more rows. */
  close(): void {
    for (const lane of this.#entered) lane.leave();
  }

  #begin(output: number, subtask: number): Gathered | undefined {
    const lane = this.#laneTo(output, subtask);
    if (lane === undefined) return undefined;
    this.#hasGathered = true;
    const gathered = { lane, batch: lane.lend() };
    this.#gathered[output]![subtask] = gathered;
    return gathered;
  }

  /** A task that takes the place of one that has closed its inbox is of another start of the job: it gets none. */
  #laneTo(output: number, subtask: number): Lane | undefined {
    const lanes = this.#lanes[output]!;
    const known = lanes[subtask];
    if (known !== undefined) return known.isClosed ? undefined : known;
    const { task, input } = this.#format.outputs[output]!;
    const lane = this.#handover.of(task, subtask)?.enter(input);
    if (lane === undefined) return undefined;
    lanes[subtask] = lane;
    this.#entered.push(lane);
    return lane;
  }

  #hand(output: number, subtask: number, { lane, batch }: Gathered): void {
    this.#gathered[output]![subtask] = undefined;
    const ticket = lane.put(batch);
    this.#send(output, subtask, (out) => {
      out.byte(ROWS.handed);
      writeTicket(ticket, out);
    });
  }

  #send(output: number, subtask: number, write: (out: ByteWriter) => void): void {
    const out = this.#out.begin(FROM_TASK.forward);
    out.byte(output);
    out.uint32(subtask);
    write(out);
    this.#out.finish();
  }
}

function writeTicket({ lane, number }: Ticket, out: ByteWriter): void {
  out.uint(lane);
  out.uint(number);
}
