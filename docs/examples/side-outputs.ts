import { id, integer, job, model, table, value } from "countercheck";

export const Reading = model("Reading", {
  from: table("depot", "readings"),
  fields: { meter: id(), counter: integer() },
});

/** How much each meter went on; readings that go back are handed aside, with what was expected. */
export default job("meters", (env) => {
  const used = env
    .changes(Reading)
    .asEvents()
    .keyBy("meter")
    .process("used", {
      state: { last: value({ counter: integer() }) },
      emits: { meter: id(), used: integer() },
      sides: { backwards: { meter: id(), counter: integer(), least: integer() } },
      onElement: ({ counter }, { key, state, emit, emitTo }) => {
        const least = state.last.get()?.counter ?? 0n;
        if (counter === null || counter < least) return emitTo("backwards", { meter: key, counter, least });
        state.last.set({ counter });
        emit({ meter: key, used: counter - least });
      },
    });
  used.to("used");
  used.side("backwards").to("backwards");
});
