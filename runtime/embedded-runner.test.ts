import { describe, expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { CountercheckError } from "../base/errors.ts";
import { changeColumns, changeLayout, FIRST_FIELD, OP } from "../dataflow/change-layout.ts";
import { Environment } from "../dataflow/environment.ts";
import { id, idOf, model, table } from "../dataflow/model.ts";
import { writeFields } from "../dataflow/row-writer.ts";
import type { SourceOutput, SourceReader } from "../dataflow/source.ts";
import { runInMemory } from "../test/support/memory-run.ts";
import type { OutboxRecord } from "./outbox.ts";

const Thing = model("Thing", { from: table("db", "things"), fields: { key: id() } });

/** A step of a scripted source: what one `read` does. */
type Step = (output: SourceOutput) => boolean | Promise<boolean>;

describe("a bounded run", () => {
  it("hands on what is read, until every split has ended", async () => {
    const { keys, run } = start([insert(1, 10), insert(2, 20), end(30)]);
    await run();
    expect(keys()).toEqual(["1", "2"]);
  });

  it("says where an end marker is missing", async () => {
    const { run } = start([insert(1, 10)]);
    await expect(run()).rejects.toMatchObject({ code: "LOG_WITHOUT_END", details: { topic: "things", partition: 0 } });
  });

  it("fails when a source's positions went back, and reads nothing more of it", async () => {
    const { keys, run, alerts } = start([insert(1, 10, 5), insert(1, 90_000, 4), insert(2, 90_001, 6), end(90_002)]);
    await expect(run()).rejects.toMatchObject({ code: "SOURCE_STOPPED" });
    expect(keys()).toEqual(["1"]);
    expect(alerts()).toEqual(["POSITION_WENT_BACK/db"]);
  });

  it("tries again when the environment failed, loses nothing and hands on nothing twice", async () => {
    const down = fail(new CountercheckError("REGISTRY_UNAVAILABLE", { registry: "r", reason: "down" }));
    const later: Step = async () => Promise.reject(new CountercheckError("REGISTRY_UNAVAILABLE", {}));
    const { keys, run, alerts } = start([insert(1, 10), down, later, insert(2, 20), end(30)]);
    await run();
    expect(keys()).toEqual(["1", "2"]);
    expect(alerts()).toEqual(["REGISTRY_UNAVAILABLE/db", "REGISTRY_UNAVAILABLE/db"]);
  });

  it("gives up after a while", async () => {
    const down = fail(new CountercheckError("REGISTRY_UNAVAILABLE", { registry: "r", reason: "down" }));
    await expect(start(Array.from({ length: 20 }, () => down)).run()).rejects.toThrow("down");
  });

  it("fails at once by what no retry mends", async () => {
    const { run, alerts } = start([fail(new CountercheckError("LOG_CORRUPT", {}))]);
    await expect(run()).rejects.toMatchObject({ code: "LOG_CORRUPT" });
    expect(alerts()).toEqual([]);
  });
});

describe("a run that follows", () => {
  it("waits for more until it is stopped, and brings out what it has", async () => {
    const stop = new AbortController();
    const { keys, run } = start([insert(1, 10)], { follow: true, idle: () => stop.abort() });
    await run(stop.signal);
    expect(keys()).toEqual(["1"]);
  });

  it("reads a busy split however many quiet ones lie further behind, and sees that a source of many is stale", async () => {
    const stop = new AbortController();
    let idles = 0;
    const idle = () => {
      if (++idles === 40 * 20) stop.abort();
    };
    const busy = Array.from({ length: 10 }, (_, i) => insert(i, 10 + i));
    const { keys, run, alerts } = start(busy, { follow: true, staleAfterMs: 10_000, idle, splits: 20 });
    await run(stop.signal);
    expect(keys()).toHaveLength(10);
    expect(alerts()).toEqual(["SOURCE_STALE/db"]);
  });

  it("says that a source whose split cannot be read is stale", async () => {
    const stop = new AbortController();
    let looks = 0;
    const down: Step = () => {
      if (++looks === 6) stop.abort();
      throw new CountercheckError("REGISTRY_UNAVAILABLE", { registry: "r", reason: "down" });
    };
    const steps = Array.from({ length: 10 }, () => down);
    const { run, alerts } = start(steps, { follow: true, staleAfterMs: 10_000 });
    await run(stop.signal);
    expect(alerts()).toContain("SOURCE_STALE/db");
  });

  it("says once that a source is stale, and does not count the time of a backlog", async () => {
    const stop = new AbortController();
    let idles = 0;
    const idle = () => {
      if (++idles === 40) stop.abort();
    };
    const backlog = Array.from({ length: 100 }, (_, i) => insert(i, 10));
    const { run, alerts } = start(backlog, { follow: true, staleAfterMs: 10_000, idle });
    await run(stop.signal);
    expect(alerts()).toEqual(["SOURCE_STALE/db"]);
  });
});

interface StartOptions {
  readonly follow?: boolean;
  readonly staleAfterMs?: number;
  readonly idle?: () => void;
  readonly splits?: number;
}

/** Runs a job that hands on the keys of things, over a source that takes one step a read, then has nothing more. */
function start(steps: readonly Step[], { idle, splits = 1, ...options }: StartOptions = {}) {
  const env = new Environment();
  env.changes(Thing).asEvents().to("keys");
  const records: OutboxRecord[] = [];
  let now = 0;
  const run = (signal = new AbortController().signal) =>
    runInMemory(
      {
        graph: env.graph("things"),
        readers: () => [scripted(steps, splits, () => idle?.())],
        groups: new Map(Array.from({ length: splits }, (_, split) => [`db things/${split}`, split])),
        // A second goes by whenever somebody looks.
        clock: { now: () => (now += 1_000), sleep: async () => {} },
        retainMs: 1e9,
        ...options,
      },
      records,
      signal,
    );
  const keys = () => records.flatMap((each) => (each.kind === "emit" ? [(each.record as { key: string }).key] : []));
  const alerts = () => records.flatMap((each) => (each.kind === "engine-alert" ? [each.alert.id] : []));
  return { run, keys, alerts };
}

/** The last split takes the steps; the others have nothing. */
function scripted(steps: readonly Step[], splits: number, idle: () => void): SourceReader {
  let next = 0;
  return {
    source: "db",
    longestTransactionMs: 0,
    splits: Array.from({ length: splits }, (_, partition) => {
      return { topic: "things", partition, table: "things", heartbeat: false };
    }),
    formatPosition: (...parts) => parts.join("/"),
    read(split, _maxBytes, output) {
      const step = split === splits - 1 ? steps[next] : undefined;
      if (step !== undefined) {
        next++;
        return step(output);
      }
      idle();
      return false;
    },
    position: () => next,
    endOffset: () => steps.length,
    save: () => undefined,
    restore: () => undefined,
    close() {},
  };
}

function insert(key: number, time: number, position = time): Step {
  return (output) => {
    const batch = new Batch(changeLayout(Thing), 1);
    const meta = changeColumns(batch);
    meta.kind.set(0, OP.create);
    meta.time.set(0, time);
    meta.seed.nulls[0] = 1;
    meta.row.set(0, String(key));
    for (const column of [meta.major, meta.sub, meta.offset]) column.set(0, 0);
    meta.minor.set(0, position);
    meta.table.set(0, 0);
    meta.absent.set(0, 0);
    writeFields(batch, FIRST_FIELD, 0, Thing.fields, { key: idOf(key) });
    batch.count = 1;
    output.changes(Thing, 0, batch);
    output.progress(0, time);
    return true;
  };
}

function end(time: number): Step {
  return (output) => {
    output.ended(0, time);
    return true;
  };
}

function fail(error: CountercheckError): Step {
  return () => {
    throw error;
  };
}
