import {
  calendarDays,
  early,
  every,
  hours,
  type Id,
  id,
  instant,
  integer,
  job,
  minutes,
  model,
  money,
  number,
  onCount,
  onProcessingTime,
  purging,
  seconds,
  session,
  sliding,
  table,
  text,
  tumbling,
} from "../../index.ts";

/** What compiles and what does not in windows: every line under `@ts-expect-error` must fail, every other one must not. */

const Bid = model("Bid", {
  from: table("app", "bids"),
  fields: { user: id(), note: text(), price: integer(), score: number(), paid: money(), at: instant(), gap: integer() },
});

/** Every kind of window and trigger, results as a stream of their fields, and late rows as one of the rows' own. */
export const compiles = job("windows", (env) => {
  const bids = env.changes(Bid).asEvents().keyBy("user");
  const counted = bids
    .window(sliding(minutes(10), minutes(5), { offset: seconds(-30) }))
    .allowedLateness(minutes(1))
    .aggregate("counted", (rows) => ({ who: rows.key("user"), bids: rows.count(), from: rows.windowStart() }));
  counted
    .keyBy("who", "bids")
    .window(tumbling(hours(1), { time: "processing" }))
    .trigger(onProcessingTime());
  counted.timedBy("from", { lag: minutes(5) }).keyBy("from");
  counted.late().keyBy("note");
  bids.window(session({ gapFrom: "gap" })).trigger(purging(early({ every: seconds(1) })));
  bids.window(session(minutes(5))).trigger(every(minutes(1)));
  bids
    .window(calendarDays("Europe/Berlin"))
    .trigger(onCount(5))
    .process("days", {
      emits: { user: id(), note: text(), from: instant() },
      onWindow(rows, { key, window, emit }) {
        const user: Id = key;
        const price: bigint | null | undefined = rows[0]?.price;
        for (const { note } of rows) emit({ user, note, from: window.start });
        emit({ user, note: String(price), from: null });
      },
    })
    .keyBy("note");
});

job("mistakes", (env) => {
  const bids = env.changes(Bid).asEvents().keyBy("user");
  // @ts-expect-error a size has a unit
  tumbling(5);
  // @ts-expect-error so has an offset
  tumbling(minutes(5), { offset: 3 });
  // @ts-expect-error time is of events or of processing
  tumbling(minutes(5), { time: "ingestion" });
  // @ts-expect-error sliding windows have a slide
  sliding(minutes(5));
  // @ts-expect-error a gap comes from a field of the rows
  bids.window(session({ gapFrom: "pause" }));
  // @ts-expect-error that holds integers or numbers, and no points in time
  bids.window(session({ gapFrom: "at" }));
  // @ts-expect-error a window is no length of time
  bids.window(minutes(5));
  // @ts-expect-error a trigger is no length of time
  bids.window(tumbling(minutes(5))).trigger(seconds(5));
  // @ts-expect-error lateness has a unit
  bids.window(tumbling(minutes(5))).allowedLateness(60_000);
  // @ts-expect-error early results come every so often, or by count
  early({});
  // @ts-expect-error a part of the key is named
  bids.window(tumbling(minutes(5))).aggregate("a", (rows) => ({ note: rows.key("note") }));
  // @ts-expect-error so is a field of the rows
  bids.window(tumbling(minutes(5))).aggregate("b", (rows) => ({ most: rows.max("prize") }));
  bids
    .window(tumbling(minutes(5)))
    .aggregate("c", (rows) => ({ bids: rows.count() }))
    // @ts-expect-error results have the fields that were asked for, and no others
    .keyBy("user");
  bids.window(tumbling(minutes(5))).process("d", {
    emits: { n: integer() },
    // @ts-expect-error an integer is a bigint
    onWindow: (rows, { emit }) => emit({ n: rows.length }),
  });
  bids.window(tumbling(minutes(5))).process("e", {
    emits: { n: integer() },
    onWindow(rows, { emit }) {
      // @ts-expect-error rows have the fields of the stream
      emit({ n: rows[0]?.prize });
      // @ts-expect-error rows are not changed
      rows.push(rows[0]!);
    },
  });
});
