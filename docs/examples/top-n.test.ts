import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Score } from "./top-n.ts";

it("shows who moves up and down", () => {
  const driver = testJob(example);
  let told = 0;
  const changes = () => {
    const news = driver.sink("best-players").slice(told);
    told += news.length;
    return news.map(({ $op, player, rank }) => `${$op} ${player} ${rank}`);
  };
  const score = (player: number, points: bigint, at: number) =>
    driver.upsert(Score, player, { at }, { player, level: "1", points });
  score(1, 30n, 1);
  score(2, 50n, 2);
  expect(changes()).toEqual(["add 1 1", "retract 1 1", "add 2 1", "add 1 2"]);
  score(3, 40n, 3);
  expect(changes()).toEqual(["retract 1 2", "add 3 2"]);
  driver.delete(Score, 2, { at: 4 });
  expect(changes()).toEqual(["retract 2 1", "add 3 1", "retract 3 2", "add 1 2"]);
});
