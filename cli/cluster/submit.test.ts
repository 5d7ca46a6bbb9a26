import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FlinkApi } from "./flink-api.ts";
import { followEnd, followStart } from "./follow.ts";
import { rescaleInPlace } from "./rescale.ts";
import { type Answer, RestApi } from "./rest-api.test-helper.ts";
import { openSteps } from "./steps.ts";
import type { Submission } from "./submission.ts";
import { requireRoomFor, startOnCluster } from "./submit.ts";

let rest: RestApi | undefined;
let asked: readonly string[] = [];
afterEach(() => rest?.[Symbol.dispose]());

/** What it is asked is in `asked`. */
async function cluster(answers: Readonly<Record<string, Answer>>): Promise<FlinkApi> {
  rest = await RestApi.start(answers);
  asked = rest.asked;
  return rest.api;
}

const refuse = (status: number, reason: string): Answer => {
  return (_, response) => response.writeHead(status).end(JSON.stringify({ errors: [reason] }));
};

describe("a job that is started", () => {
  let claimed = 0;
  let withdrawn = 0;
  beforeEach(() => {
    [claimed, withdrawn] = [0, 0];
  });
  const submission = {
    graph: { name: "refunds", nodes: [] },
    beginning: { epoch: 3, attempt: 7 },
    writeJar: async (path: string) => writeFileSync(path, "PK"),
    claim: async () => void claimed++,
    withdraw: async () => void withdrawn++,
  } as unknown as Submission;
  const request = {
    parallelism: 3,
    allowDroppedState: false,
    from: "s3://ours/savepoint-1",
    savepoint: async () => "s3://ours/savepoint-1",
    steps: openSteps(true),
  };
  const upload = () => ({ filename: "/tmp/web/17_refunds.jar" });

  it("begins its epoch behind the upload, and leaves no jar there", async () => {
    let run: unknown;
    const api = await cluster({
      "POST /jars/upload": () => {
        expect(claimed).toBe(0);
        return upload();
      },
      "POST /jars/17_refunds.jar/run": (_request, _response, body) => {
        expect(claimed).toBe(1);
        run = JSON.parse(body);
      },
    });
    const { id } = await startOnCluster(api, submission, request);
    expect(run).toMatchObject({ jobId: id, parallelism: 3, savepointPath: "s3://ours/savepoint-1" });
    expect(asked.at(-1)).toBe("DELETE /jars/17_refunds.jar");
  });

  it("is looked for where the answer was lost", async () => {
    const api = await cluster({
      "POST /jars/upload": upload,
      "POST /jars/17_refunds.jar/run": (_, response) => response.destroy(),
      "GET /jobs/": () => ({ name: "refunds", state: "RUNNING", vertices: [] }),
    });
    await expect(startOnCluster(api, submission, request)).resolves.toMatchObject({ job: "refunds" });
  });

  it("is planned by the cluster before its epoch begins, and its savepoint looked at there", async () => {
    let planned: unknown;
    const trace = `<Exception on server side:
org.apache.flink.client.program.ProgramInvocationException: The main method caused an error
\tat org.apache.flink.Client.run(Client.java:1)
Caused by: countercheck.flink.SavepointLook$Unusable: The savepoint cannot be begun from: Cannot find 's3://ours/savepoint-1'
\tat countercheck.flink.SavepointLook.require(SavepointLook.java:1)\n`;
    const api = await cluster({
      "POST /jars/upload": upload,
      "POST /jars/17_refunds.jar/plan": (_request, response, body) => {
        planned = JSON.parse(body);
        response.writeHead(500).end(JSON.stringify({ errors: ["Internal server error.", trace] }));
      },
    });
    await expect(startOnCluster(api, submission, request)).rejects.toMatchObject({
      code: "CLUSTER_SAVEPOINT_UNUSABLE",
      details: { place: "s3://ours/savepoint-1", reason: "Cannot find 's3://ours/savepoint-1'" },
    });
    expect(planned).toMatchObject({ parallelism: 3, programArgsList: ["s3://ours/savepoint-1", "false"] });
    expect(claimed).toBe(0);
    expect(asked.at(-1)).toBe("DELETE /jars/17_refunds.jar");
  });

  it("is none where the cluster cannot run it, and says why", async () => {
    const api = await cluster({
      "POST /jars/upload": upload,
      "POST /jars/17_refunds.jar/plan": refuse(400, "This Flink has no place for checkpoints."),
    });
    await expect(startOnCluster(api, submission, request)).rejects.toThrow(/This Flink has no place for checkpoints\./);
    expect(claimed).toBe(0);
  });

  it.each([
    ["has certainly come to nothing", "FAILED", { code: "JOB_START_REFUSED", retryable: false }, 1],
    ["may still be under way", "INITIALIZING", { code: "CLUSTER_REFUSED" }, 0],
  ])("whose start was refused, and %s, has its epoch or not", async (_, state, error, taken) => {
    const api = await cluster({
      "POST /jars/upload": upload,
      "POST /jars/17_refunds.jar/run": refuse(400, "Could not start the JobMaster."),
      "GET /jobs/": ({ url }) =>
        url!.endsWith("/checkpoints") ? { counts: { completed: 0 } } : { name: "refunds", state, vertices: [] },
    });
    await expect(startOnCluster(api, submission, request)).rejects.toMatchObject({
      ...error,
      message: expect.stringMatching(/Could not start the JobMaster\./),
    });
    expect({ claimed, withdrawn }).toEqual({ claimed: 1, withdrawn: taken });
    expect(asked.at(-1)).toBe("DELETE /jars/17_refunds.jar");
  });
});

it("a cluster of another Flink, and one that has the job, are refused", async () => {
  const jobs = [{ jid: "1", name: "refunds", state: "RUNNING", "start-time": 1 }];
  const api = await cluster({
    "GET /overview": () => ({ "flink-version": "2.2.1" }),
    "GET /jobs/overview": () => ({ jobs }),
  });
  await expect(requireRoomFor(api, "payouts")).resolves.toBeUndefined();
  await expect(requireRoomFor(api, "refunds")).rejects.toMatchObject({ code: "JOB_ALREADY_ON_CLUSTER" });
  const old = await cluster({ "GET /overview": () => ({ "flink-version": "1.20.5" }) });
  await expect(requireRoomFor(old, "payouts")).rejects.toMatchObject({ code: "CLUSTER_UNSUITABLE" });
});

describe("the start of a job", () => {
  const job = { id: "1", job: "refunds" };
  const failure = (n: number) => ({
    stacktrace: `countercheck.flink.TaskFailure: no rate for CHF\n    at rate (job:jobs/mine/rates.ts:3:9)\n\tat java.lang.Thread.run(Thread.java:1)`,
    taskName: `sources (1/2) - execution #${n}`,
    timestamp: n,
  });
  const follow = (api: FlinkApi, timeoutMs = 5_000, notes: string[] = []) =>
    followStart(api, job, {
      timeoutMs,
      signal: new AbortController().signal,
      onStep: () => undefined,
      onFailure: (reason) => notes.push(reason),
    });
  const state = (name: string) => () => ({ jid: "1", name: "refunds", state: name, vertices: [] });

  it("is over with its first checkpoint, also where it failed once before", async () => {
    let looks = 0;
    const notes: string[] = [];
    const api = await cluster({
      "GET /jobs/1": state("RUNNING"),
      "GET /jobs/1/exceptions": () => ({ exceptionHistory: { entries: [failure(0)] } }),
      "GET /jobs/1/checkpoints": () => ({ latest: { completed: ++looks > 1 ? { id: 4 } : null } }),
    });
    expect(await follow(api, 5_000, notes)).toEqual({ id: 4 });
    expect(notes).toEqual(["in sources (1/2): no rate for CHF\n    at rate (jobs/mine/rates.ts:3:9)"]);
  });

  it.each([
    ["has failed for good", "FAILED", [failure(0)], "It is over."],
    ["fails again and again", "RESTARTING", [failure(2), failure(1), failure(0)], "jobs cancel refunds"],
  ])("fails where the job %s, with its place", async (_, name, entries, then) => {
    const api = await cluster({
      "GET /jobs/1": state(name),
      "GET /jobs/1/exceptions": () => ({ exceptionHistory: { entries } }),
      "GET /jobs/1/checkpoints": () => ({ latest: { completed: null } }),
    });
    await expect(follow(api)).rejects.toMatchObject({
      code: "JOB_FAILED_ON_CLUSTER",
      message: expect.stringMatching(new RegExp(`${then}.*no rate for CHF\n    at rate \\(jobs/mine/rates.ts:3:9\\)$`)),
    });
  });

  it("is not waited for without end", async () => {
    const api = await cluster({
      "GET /jobs/1": state("RUNNING"),
      "GET /jobs/1/checkpoints": () => ({ latest: { completed: null } }),
    });
    await expect(follow(api, 300)).rejects.toMatchObject({
      code: "JOB_NOT_STARTED",
      retryable: true,
      message: expect.stringMatching(
        /It goes on there; `countercheck jobs describe 1` shows how, .*jobs cancel 1` ends it/,
      ),
    });
  });
});

describe("another parallelism", () => {
  const vertex = (id: string, name: string, parallelism: number) => {
    return { id, name, parallelism, maxParallelism: 128, status: "RUNNING" };
  };
  const found = { jid: "1", name: "refunds", state: "RUNNING", "start-time": 1, duration: 1 } as const;

  it("is asked for of all tasks but the one that proves frontiers", async () => {
    let wanted: unknown;
    const api = await cluster({
      "GET /jobs/1": () => ({
        ...found,
        vertices: [vertex("a", "refunds", wanted ? 3 : 2), vertex("b", "Source: heartbeats -> prove frontiers", 1)],
      }),
      "GET /jobs/1/resource-requirements": () => ({ a: { parallelism: { lowerBound: 1, upperBound: 2 } } }),
      "PUT /jobs/1/resource-requirements": (_request, _response, body) => {
        wanted = JSON.parse(body);
      },
    });
    expect(await rescaleInPlace(api, found, 3, 2_000)).toBe("given");
    expect(wanted).toEqual({
      a: { parallelism: { lowerBound: 1, upperBound: 3 } },
      b: { parallelism: { lowerBound: 1, upperBound: 1 } },
    });
  });

  it("is nothing that another scheduler can give", async () => {
    const unsupported =
      "java.lang.UnsupportedOperationException: The DefaultScheduler does not support changing the parallelism without a job restart.";
    const api = await cluster({
      "GET /jobs/1": () => ({ ...found, vertices: [vertex("a", "refunds", 2)] }),
      "GET /jobs/1/resource-requirements": refuse(500, unsupported),
    });
    expect(await rescaleInPlace(api, found, 3, 2_000)).toBe("cannot");
    expect(asked.some((doing) => doing.startsWith("PUT"))).toBe(false);
  });

  it.each([
    ["is left alone where the job has it", 3, "had"],
    ["is asked for where it has no more for want of slots", 5, "given"],
  ])("%s", async (_, upperBound, rescaled) => {
    const api = await cluster({
      "GET /jobs/1": () => ({ ...found, vertices: [vertex("a", "refunds", 3)] }),
      "GET /jobs/1/resource-requirements": () => ({ a: { parallelism: { lowerBound: 1, upperBound } } }),
    });
    expect(await rescaleInPlace(api, found, 3, 2_000)).toBe(rescaled);
    expect(asked.some((doing) => doing.startsWith("PUT"))).toBe(rescaled === "given");
  });
});

describe("a job that is told to end", () => {
  it("is over where its cluster is gone with it", async () => {
    const api = await cluster({
      "GET /jobs/1": (request, response) => {
        if (asked.length < 3) return { jid: "1", name: "refunds", state: "RUNNING", vertices: [] };
        response.destroy();
        return request.socket.destroy();
      },
    });
    await followEnd(api, "1", 60_000);
    expect(asked.length).toBeGreaterThanOrEqual(3);
  });
});
