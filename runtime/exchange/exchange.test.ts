import fc from "fast-check";
import { expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import { hashBytes, keyGroupOf, subtaskOf } from "../../state/key-groups.ts";
import { batchOf, plainRows } from "./batch.test-helper.ts";
import { ChannelReader, ChannelWriter } from "./channel.ts";
import { ChannelMerger } from "./channel-merger.ts";
import { KeyExchange } from "./key-exchange.ts";
import { makeRing, RingReader, RingWriter } from "./ring.ts";

const LAYOUT = [
  { name: "key", type: "text" },
  { name: "worker", type: "int32" },
  { name: "n", type: "int32" },
] as const;

/** What a worker does: sends rows of these keys, passes a barrier, or says through which of its rows it has read. */
type Step = readonly string[] | "barrier" | "frontier";

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.array(fc.string({ maxLength: 3 }), { maxLength: 30 }),
  fc.constantFrom("barrier" as const, "frontier" as const),
);

/** What a receiver got: rows, merged frontiers, aligned checkpoints, and the end. */
type Got =
  | { readonly row: readonly unknown[] }
  | { readonly through: number }
  | { readonly checkpoint: number }
  | "end";

/** The sending half of a worker: it follows a plan, and numbers its rows. */
class Sender {
  /** Each row with its number, the subtask that owns it, and the barriers in front of it. */
  readonly sent: { readonly row: readonly unknown[]; readonly owner: number; readonly barriers: number }[] = [];
  readonly #worker: number;
  readonly #plan: Step[];
  readonly #writers: readonly ChannelWriter[];
  readonly #exchange: KeyExchange;
  #barriers = 0;
  #ended = false;

  constructor(worker: number, plan: readonly Step[], rings: readonly SharedArrayBuffer[]) {
    this.#worker = worker;
    this.#plan = [...plan];
    this.#writers = rings.map((memory) => new ChannelWriter(new RingWriter(memory)));
    this.#exchange = new KeyExchange("key", 0, this.#writers);
  }

  /** Does the next thing, unless a channel is blocked. */
  act(): void {
    if (this.#writers.map((writer) => writer.flush()).includes(false) || this.#ended) return;
    const next = this.#plan.shift();
    const time = this.sent.length;
    if (next === "barrier") {
      this.#barriers++;
      for (const writer of this.#writers) writer.barrier(this.#barriers);
    } else if (next === "frontier") this.#announce(time);
    else if (next !== undefined) this.#send(next);
    else {
      this.#announce(Number.POSITIVE_INFINITY);
      this.#exchange.end();
      this.#ended = true;
    }
  }

  #announce(through: number): void {
    this.#exchange.control({ type: "frontier", source: "shop", through, since: 0 });
  }

  #send(keys: readonly string[]): void {
    const rows = keys.map((key, index) => [key, this.#worker, this.sent.length + index]);
    this.#exchange.batch(batchOf(LAYOUT, rows));
    for (const [index, row] of rows.entries()) {
      const bytes = Buffer.from(keys[index]!);
      const owner = subtaskOf(keyGroupOf(hashBytes(bytes, 0, bytes.length)), this.#writers.length);
      this.sent.push({ row, owner, barriers: this.#barriers });
    }
  }
}

/** The receiving half of a worker. */
class Subtask {
  readonly got: Got[] = [];
  readonly #merger: ChannelMerger;
  readonly #readers: readonly ChannelReader[];

  constructor(rings: readonly SharedArrayBuffer[]) {
    const batches = [new Batch(LAYOUT)];
    this.#readers = rings.map((memory) => new ChannelReader(new RingReader(memory), batches));
    const target = {
      batch: (_input: number, batch: Batch) => this.got.push(...plainRows(batch).map((row) => ({ row }))),
      control: (_input: number, element: object) => this.got.push(element as { through: number }),
      end: () => this.got.push("end"),
    };
    const channels = rings.map(() => [0]);
    this.#merger = new ChannelMerger(channels, target, (checkpoint) => this.got.push({ checkpoint }));
  }

  get hasEnded(): boolean {
    return this.got.at(-1) === "end";
  }

  read(channel: number): void {
    if (!this.#merger.isHeld(channel)) this.#readers[channel]!.read(this.#merger.handlerOf(channel));
  }
}

/** Lets workers follow their plans, in an order drawn, through rings of so many bytes between all of them. */
function run(plans: readonly (readonly Step[])[], capacity: number, order: Iterator<number>) {
  const rings = plans.map(() => plans.map(() => makeRing(capacity)));
  const senders = plans.map((plan, worker) => new Sender(worker, plan, rings[worker]!));
  const subtasks = plans.map((_, worker) => new Subtask(rings.map((from) => from[worker]!)));
  for (let turn = 0; !subtasks.every((subtask) => subtask.hasEnded); turn++) {
    expect(turn).toBeLessThan(100_000);
    const drawn = order.next().value as number;
    senders[drawn % plans.length]!.act();
    subtasks[(drawn >> 8) % plans.length]!.read((drawn >> 16) % plans.length);
  }
  return { senders, subtasks };
}

it("every row reaches the owner of its key once, in its sender's order, on its side of barriers and frontiers", () => {
  const plans = fc.array(fc.array(step, { maxLength: 15 }), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(plans, fc.integer({ min: 4, max: 12 }), fc.infiniteStream(fc.nat()), (drawn, bits, order) => {
      const { senders, subtasks } = run(drawn, 2 ** bits, order);
      for (const [owner, { got }] of subtasks.entries()) {
        const seen = senders.map((): unknown[] => []);
        let checkpoint = 0;
        let through = 0;
        for (const element of got) {
          if (element === "end") continue;
          if ("checkpoint" in element) expect(element.checkpoint).toBe(++checkpoint);
          else if ("through" in element) through = element.through;
          else {
            const [, worker, n] = element.row as [string, number, number];
            seen[worker]!.push(element.row);
            expect(senders[worker]!.sent[n]!.barriers).toBe(checkpoint);
            expect(n).toBeGreaterThanOrEqual(through);
          }
        }
        const expected = senders.map(({ sent }) => sent.filter((row) => row.owner === owner).map(({ row }) => row));
        expect(seen).toEqual(expected);
        expect(checkpoint).toBe(Math.max(...drawn.map((plan) => plan.filter((one) => one === "barrier").length)));
      }
    }),
    { numRuns: 200 },
  );
});
