import { connect, id, integer, job, map, model, table } from "countercheck";

export const Transfer = model("Transfer", {
  from: table("bank", "transfers"),
  fields: { id: id(), country: id(), amount: integer() },
});
export const Limit = model("Limit", { from: table("desk", "limits"), fields: { country: id(), most: integer() } });

/** Transfers above the limit of their country, as it is now: limits are changed while the job runs. */
export default job("limits", (env) => {
  connect("limits", {
    inputs: { transfers: env.changes(Transfer).asEvents().keyBy("id") },
    broadcast: { limits: env.changes(Limit) },
    state: {},
    broadcastState: { most: map({ most: integer() }) },
    emits: { transfer: id(), above: integer() },
    on: {
      transfers({ country, amount }, { key, broadcastState, emit }) {
        const most = broadcastState.most.get(country ?? "")?.most ?? null;
        if (most !== null && amount !== null && amount > most) emit({ transfer: key, above: amount - most });
      },
      limits({ country, most }, { kind, broadcastState }) {
        if (country === null) return;
        if (kind === "add") broadcastState.most.set(country, { most });
        else broadcastState.most.delete(country);
      },
    },
  }).to("above");
});
