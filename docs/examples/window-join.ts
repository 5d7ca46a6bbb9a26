import { id, job, minutes, model, table, tumbling } from "countercheck";

export const Opened = model("Opened", { from: table("desk", "tickets"), fields: { id: id(), agent: id() } });
export const Call = model("Call", { from: table("phone", "calls"), fields: { id: id(), agent: id() } });

/** Who had which calls, and opened which tickets, in the same ten minutes; calls without a ticket too. */
export default job("calls-and-tickets", (env) => {
  const calls = env.changes(Call).asEvents().keyBy("agent");
  const tickets = env.changes(Opened).asEvents().keyBy("agent");
  const together = calls.windowJoin("together", tickets, tumbling(minutes(10)), {
    type: "leftOuter",
    select: (call, ticket) => ({ agent: call.agent, call: call.id, ticket: ticket.id }),
  });
  together.to("together");
});
