import { expect, it } from "vitest";
import { Desk } from "../connectors/desk/desk.ts";
import { TemporaryFolder } from "../test/support/cli.ts";
import { deskToDecideAt, deskToLookAt, noteGoneToCluster, noteHere } from "./desk-of.ts";
import { outputPaths } from "./outputs.ts";

it("a desk whose job has gone to a cluster can be looked at, and decides nothing until a run goes on here", () => {
  using folder = new TemporaryFolder();
  const dir = folder.path;
  const gone = { job: "refunds", prefix: "ours.", at: 0 };
  noteGoneToCluster(dir, gone);
  new Desk(outputPaths.desk(dir), { create: true }).close();
  // There was no desk to note it beside.
  deskToDecideAt(dir).close();

  noteGoneToCluster(dir, gone);
  expect(() => deskToDecideAt(dir)).toThrow(expect.objectContaining({ code: "JOB_HAS_NO_DESK" }));
  deskToLookAt(dir).close();
  const takeBack = noteGoneToCluster(dir, { ...gone, at: 1_000 });
  takeBack();
  expect(() => deskToDecideAt(dir)).toThrow("submitted to a cluster at 1970-01-01T00:00:00.000Z");

  noteHere(dir);
  deskToDecideAt(dir).close();
  noteGoneToCluster(dir, gone)();
  deskToDecideAt(dir).close();
});
