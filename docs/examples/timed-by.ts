import { id, instant, job, model, seconds, table, value } from "countercheck";

export const Position = model("Position", {
  from: table("depot", "positions"),
  fields: { parcel: id(), measuredAt: instant() },
});

/** Where a parcel was last measured, ten seconds after that: positions are written down when the scanner comes home. */
export default job("positions", (env) => {
  env
    .changes(Position)
    .asEvents()
    .timedBy("measuredAt", { lag: seconds(60) })
    .keyBy("parcel")
    .process("quiet", {
      state: { last: value({ at: instant() }) },
      emits: { parcel: id(), last: instant() },
      onElement: (_, { state, time, setTimer }) => {
        if (time > (state.last.get()?.at ?? 0)) state.last.set({ at: time });
        setTimer(time + seconds(10));
      },
      onTimer: ({ key, state, time, emit }) => {
        const last = state.last.get()?.at ?? time;
        if (last + seconds(10) > time) return;
        emit({ parcel: key, last });
        state.last.clear();
      },
    })
    .to("quiet");
});
