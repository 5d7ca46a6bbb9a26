import type { Batch } from "../../base/batch.ts";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ADD } from "../../dataflow/change-layout.ts";
import type { LookupNode } from "../../dataflow/graph.ts";
import { type KeptRow, rowTaker } from "../../dataflow/kept-rows.ts";
import type { Fields } from "../../dataflow/model.ts";
import type { Control, StateCodec } from "../../dataflow/operator.ts";
import { FIRST_ROW_FIELD, RowOutput, rowColumns } from "../../dataflow/row-layout.ts";
import { writeFields } from "../../dataflow/row-writer.ts";
import { fieldsCodec } from "../../dataflow/state-codec.ts";
import type { KeptState } from "../task.ts";
import { LookupCalls, type Question, type Result } from "./lookup-calls.ts";
import type { OperatorMetrics } from "./operator-host.ts";
import type { FanOut, Receiver } from "./receiver.ts";
import { readerOf } from "./state-upgrade.ts";

/** What waits its turn: rows, and what must not overtake them. */
type Element = Question | Control | { readonly type: "end" };

/**
 * Asks something outside about rows, many at once. Whatever comes in waits in a queue behind the rows that have no answer
 * yet; `poll` asks, and hands out what has come. What is in the queue at a barrier is saved, and asked about again by
 * whoever goes on from there.
 */
export class LookupStage implements Receiver {
  /** Rows in hand count as keys. */
  readonly metrics: OperatorMetrics;
  readonly kept: KeptState;
  readonly #node: LookupNode;
  readonly #inputFields: Fields;
  readonly #codec: StateCodec<KeptRow>;
  readonly #next: FanOut;
  readonly #failed: FanOut | undefined;
  readonly #out: RowOutput;
  readonly #failedOut: RowOutput;
  readonly #calls: LookupCalls;
  readonly #queue: Element[] = [];
  /** Rows of the queue that nothing was asked about yet: its last ones. */
  readonly #waiting: Question[] = [];
  /** Rows in the queue. */
  #inHand = 0;
  #takerOf: Batch | undefined;
  #take!: (row: number) => KeptRow;

  /** `failed` takes the rows that it failed for; without it the job fails. `wake`: `poll` has something to do. */
  constructor(node: LookupNode, next: FanOut, failed: FanOut | undefined, wake: () => void) {
    const { kept, codec } = keptByLookup(node);
    this.kept = kept;
    this.#codec = codec;
    this.metrics = { uid: node.uid, rowsIn: 0, rowsOut: 0, keys: () => this.#inHand };
    this.#node = node;
    this.#inputFields = node.inputs[0]!.fields;
    this.#next = next;
    this.#failed = failed;
    this.#out = new RowOutput(node.fields);
    this.#failedOut = new RowOutput(this.#inputFields);
    this.#calls = new LookupCalls(node.uid, node.lookup, failed !== undefined, wake);
  }

  /** Something is in hand that has not been handed on. */
  get isBusy(): boolean {
    return this.#queue.length > 0;
  }

  /** Nothing more should be handed in. */
  get isFull(): boolean {
    return this.#inHand >= this.#node.lookup.inFlight;
  }

  batch(_input: number, batch: Batch): void {
    this.metrics.rowsIn += batch.count;
    if (this.#takerOf !== batch) {
      this.#takerOf = batch;
      this.#take = rowTaker(batch, this.#inputFields);
    }
    const { time, seed } = rowColumns(batch);
    for (let row = 0; row < batch.count; row++) this.#add(this.#take(row), time.values[row]!, seed.get(row));
  }

  control(_input: number, element: Control): void {
    if (this.isBusy) this.#queue.push(element);
    else this.#pass(element);
  }

  end(): void {
    if (this.isBusy) this.#queue.push({ type: "end" });
    else this.#pass({ type: "end" });
  }

  /** Hands on what has come, and asks on; false when there was neither. JOB_LOOKUP_FAILED, JOB_WRONG_VALUE. */
  poll(now: number): boolean {
    const some = this.#calls.poll(now);
    if (some) this.#handOut();
    return this.#ask(now) || some;
  }

  /** The rows in hand, in order. */
  save(): Buffer {
    const out = new ByteWriter();
    for (const element of this.#queue) {
      if (element.type !== "row") continue;
      out.float64(element.time);
      out.flag(element.seed !== null);
      if (element.seed !== null) out.float64(element.seed);
      this.#codec.write(element.row, out);
    }
    return Buffer.from(out.bytes());
  }

  /**
   * Takes over rows that were in hand, as `save` gave them, before anything else comes. `kept`: as it was when they were
   * saved. Control elements are not among them: the driver says again where inputs stood. STATE_INCOMPATIBLE.
   */
  restore(kept: KeptState, saved: readonly Uint8Array[]): void {
    const state = kept.states.find(({ name }) => name === IN_HAND);
    if (state === undefined) return;
    const read = readerOf(kept.uid, IN_HAND, state.schema, this.#codec) as StateCodec<KeptRow>["read"];
    for (const bytes of saved) {
      const input = new ByteReader(bytes);
      while (!input.isAtEnd) {
        const time = input.float64();
        const seed = input.flag() ? input.float64() : null;
        this.#add(read(input), time, seed);
      }
    }
  }

  close(): void {
    this.#calls.close();
  }

  #add(row: KeptRow, time: number, seed: number | null): void {
    const question: Question = { type: "row", row, time, seed, answer: undefined, failure: undefined };
    this.#queue.push(question);
    this.#waiting.push(question);
    this.#inHand++;
  }

  #ask(now: number): boolean {
    const { inFlight, batch } = this.#node.lookup;
    let some = false;
    for (;;) {
      const room = inFlight - (this.#inHand - this.#waiting.length);
      const count = Math.min(room, batch, this.#waiting.length);
      if (count <= 0) return some;
      this.#calls.ask(this.#waiting.splice(0, count), now);
      some = true;
    }
  }

  /** In order: up to the first row that is open. Else: what is settled among the rows in front of a control element. */
  #handOut(): void {
    const queue = this.#queue;
    const firstWaiting = this.#waiting[0];
    let open = 0;
    let at = 0;
    for (; at < queue.length; at++) {
      const element = queue[at]!;
      if (element.type !== "row") {
        if (open > 0) break;
        this.#pass(element);
      } else if (element.answer !== undefined || element.failure !== undefined) this.#settle(element);
      else if (this.#node.lookup.ordered || element === firstWaiting) break;
      else queue[open++] = element;
    }
    queue.splice(open, at - open);
    this.#flush();
  }

  #settle(question: Question): void {
    this.#inHand--;
    if (question.answer === undefined) write(this.#failedOut, this.#inputFields, question, question.row);
    else for (const result of question.answer) write(this.#out, this.#node.fields, question, result);
  }

  #pass(element: Exclude<Element, Question>): void {
    this.#flush();
    if (element.type === "end") {
      this.#next.end();
      this.#failed?.end();
    } else {
      this.#next.control(element);
      this.#failed?.control(element);
    }
  }

  #flush(): void {
    this.metrics.rowsOut += this.#out.batch.count + this.#failedOut.batch.count;
    this.#out.flush((batch) => this.#next.batch(batch));
    this.#failedOut.flush((batch) => this.#failed?.batch(batch));
  }
}

/** What a look-up keeps: rows of its input, by no key. */
export function keptByLookup({ uid, inputs }: LookupNode): { kept: KeptState; codec: StateCodec<KeptRow> } {
  const codec = fieldsCodec(inputs[0]!.fields);
  return { kept: { uid, states: [{ name: IN_HAND, schema: codec.schema }], timers: [] }, codec };
}

const IN_HAND = "rows in hand";

function write(out: RowOutput, fields: Fields, { time, seed }: Question, values: Result): void {
  const row = out.add(ADD, time);
  if (seed !== null) out.seeded(row, seed);
  writeFields(out.batch, FIRST_ROW_FIELD, row, fields, values);
}
