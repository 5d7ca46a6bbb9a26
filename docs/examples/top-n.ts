import { id, integer, job, model, table, text } from "countercheck";

export const Score = model("Score", {
  from: table("game", "scores"),
  fields: { player: id(), level: text(), points: integer() },
});

/** The two best players of each level, with their ranks. */
export default job("best-players", (env) => {
  env.changes(Score).keyBy("level").topN("best", 2, { by: "points", order: "desc", withRank: true }).to("best-players");
});
