import { expect, it } from "vitest";
import { type Answer, RestApi } from "../cluster/rest-api.test-helper.ts";
import { describedJob, describedText } from "./cluster-jobs.ts";

const JOB = { jid: "1", name: "refunds", state: "RUNNING", "start-time": 0, duration: 5_000 } as const;
const METRICS: Readonly<Record<string, Readonly<Record<string, readonly [sum: number, min: number, max: number]>>>> = {
  first: {
    "sources__Refund.shop.rowsIn": [1_500, 500, 1_000],
    "sources__Refund.shop.keys": [20, 10, 10],
    "sources__Refund.shop.frontier": [5_000, 2_000, 3_000],
    "sources__Refund.shop.stateBytes": [900, 400, 500],
    "sources__Refund.shop.busyMsPerSecond": [700, 100, 600],
    "sources__Refund.task.rowsOut": [7, 3, 4],
    "sources__Refund.node.nodeRssBytes": [3_000, 1_000, 2_000],
    "sources__Refund.node.waitingBytes": [0, 0, 0],
    "sources__Refund.numRecordsIn": [9, 4, 5],
  },
  second: {
    "refunds.refunds.rowsIn": [1_400, 700, 700],
    "refunds.refunds.rowsOut": [3, 1, 2],
    "refunds.node.nodeRssBytes": [3_100, 1_000, 2_100],
    "refunds.node.waitingBytes": [70, 0, 70],
  },
  proofs: { "prove_frontiers.sourcesNotProven": [1, 1, 1] },
};

it("a job is described with what is counted of its sources and operators, over all subtasks", async () => {
  using rest = await RestApi.start(answers());
  const described = await describedJob(rest.api, JOB);
  expect(described).toMatchObject({
    operators: [
      {
        ...{ name: "shop", rowsIn: 1_500, rowsOut: null, keys: 20, stateBytes: 900, busyMsPerSecond: 600 },
        frontier: "1970-01-01T00:00:02.000Z",
      },
      { name: "refunds", rowsIn: 1_400, rowsOut: 3, keys: null, frontier: null },
    ],
    node: { rssBytes: 3_100, waitingBytes: 70 },
    sourcesNotProven: 1,
  });
  const text = describedText(described);
  expect(text).toMatch(/shop +1,500 +20 +900 +60 % +1970-01-01T00:00:02/);
  expect(text).toContain("Evidence and notices that wait: 70 bytes");
  expect(text).toContain("submit it again");
});

const SAVEPOINT = "s3://ours/savepoint-1";
const completed = (id: number, external_path: string, discarded: boolean) => {
  return { id, external_path, discarded, trigger_timestamp: 0, end_to_end_duration: 5, state_size: 7 };
};

it("a job that was stopped shows its savepoint, and no checkpoint that is gone", async () => {
  const latest = { completed: completed(8, "s3://ours/chk-8", true), savepoint: completed(9, SAVEPOINT, false) };
  using rest = await RestApi.start({
    ...answers({ state: "FINISHED" }),
    "GET /jobs/1/checkpoints": () => ({ counts: { completed: 9, failed: 0 }, latest: { ...latest, failed: null } }),
  });
  const described = await describedJob(rest.api, { ...JOB, state: "FINISHED" });
  expect(described.checkpoints).toMatchObject({ last: { id: 8, path: null }, kept: SAVEPOINT });
  const text = describedText(described);
  expect(text).not.toContain("chk-8");
  expect(text).toContain(`countercheck submit --from-savepoint ${SAVEPOINT}`);
});

it("checkpoints that were due before the tasks ran are not those that failed", async () => {
  const textOf = async (failed: { readonly id: number; readonly failure_message: string } | null) => {
    using rest = await RestApi.start({
      ...answers(),
      "GET /jobs/1/checkpoints": () => ({
        counts: { completed: 4, failed: 9 },
        latest: { completed: null, savepoint: null, failed, restored: null },
      }),
    });
    return describedText(await describedJob(rest.api, JOB));
  };
  expect(await textOf(null)).toMatch(/Checkpoints: 4 complete; 9 more were due while not all tasks ran$/m);
  expect(await textOf({ id: 17, failure_message: "Checkpoint expired." })).toMatch(
    /9 failed, or were due .*\nLast that failed: 17: Checkpoint expired\.$/m,
  );
});

it("a job tells its epoch, the embedded savepoint that it began from, and how often it was begun again", async () => {
  const facts = { "countercheck.epoch": "2", "countercheck.savepoint": "/shared/move" };
  using rest = await RestApi.start({
    ...answers(),
    "GET /jobs/1/config": () => ({ "execution-config": { "user-config": facts } }),
    "GET /jobs/1/metrics?get=numRestarts": () => [{ id: "numRestarts", value: "5" }],
  });
  const described = await describedJob(rest.api, JOB);
  expect(described).toMatchObject({ epoch: 2, begunFrom: "/shared/move", restarts: 5 });
  expect(describedText(described)).toMatch(
    /, in epoch 2, from the embedded run's savepoint \/shared\/move\nBegun again: 5 times/,
  );
});

it("a job that tells nothing has no figures", async () => {
  using rest = await RestApi.start({ ...answers(), "GET /jobs/1/vertices/": () => [] });
  const described = await describedJob(rest.api, JOB);
  expect(described).toMatchObject({ operators: [], node: { rssBytes: null }, sourcesNotProven: null });
  expect(describedText(described)).not.toContain("Node");
});

function answers(job: object = {}): Record<string, Answer> {
  const vertex = (id: string) => ({
    ...{ id, name: id, parallelism: 2, maxParallelism: 128, status: "RUNNING" },
    metrics: { "read-records": 1, "write-records": 1 },
  });
  const ofVertices = Object.entries(METRICS).map(([id, all]): [string, Answer] => [
    `GET /jobs/1/vertices/${id}/subtasks/metrics`,
    ({ url = "" }) => {
      const wanted = new URL(url, "http://127.0.0.1").searchParams.get("get")?.split(",");
      const totals = Object.entries(all).map(([id, [sum, min, max]]) => ({ id, sum, min, max }));
      return wanted === undefined ? totals.map(({ id }) => ({ id })) : totals.filter(({ id }) => wanted.includes(id));
    },
  ]);
  return {
    "GET /jobs/1": () => ({ ...JOB, ...job, vertices: Object.keys(METRICS).map(vertex) }),
    "GET /jobs/1/checkpoints": () => ({
      counts: { restored: 0, completed: 1, failed: 0 },
      latest: { completed: null, savepoint: null, failed: null, restored: null },
    }),
    "GET /jobs/1/exceptions": () => ({}),
    "GET /jobs/1/metrics": () => [],
    "GET /jobs/1/config": () => ({}),
    ...Object.fromEntries(ofVertices),
  };
}
