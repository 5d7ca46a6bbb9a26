import { calendarDays, id, instant, integer, job, model, table, text } from "countercheck";

export const Reading = model("Reading", {
  from: table("meters", "readings"),
  fields: { readingId: id(), meter: id(), counter: integer(), note: text() },
});

/** Meters whose counter went back within a day in Berlin, with the notes of that day. */
export default job("counters-back", (env) => {
  env
    .changes(Reading)
    .asEvents()
    .keyBy("meter")
    .window(calendarDays("Europe/Berlin"))
    .process("days", {
      emits: { meter: id(), day: instant(), notes: text() },
      onWindow(readings, { key, window, emit }) {
        const isBack = readings.some(({ counter }, at) => at > 0 && counter! < readings[at - 1]!.counter!);
        const notes = readings.map(({ note }) => note).filter((note) => note !== null);
        if (isBack) emit({ meter: key, day: window.start, notes: notes.join("; ") });
      },
    })
    .to("back");
});
