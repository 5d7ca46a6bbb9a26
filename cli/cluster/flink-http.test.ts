import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { findGoing, findJob } from "./find-job.ts";
import { FlinkApi } from "./flink-api.ts";
import { FlinkHttp, type FlinkHttpOptions } from "./flink-http.ts";

let server: Server | undefined;
let http: FlinkHttp | undefined;
afterEach(() => {
  http?.close();
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener, options: Partial<FlinkHttpOptions> = {}): Promise<FlinkHttp> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  http = new FlinkHttp({ url: `http://127.0.0.1:${port}`, timeoutMs: 150, retryForMs: 1_500, ...options });
  return http;
}

const GET = { method: "GET", path: "/overview" } as const;

describe("requests to Flink", () => {
  it("are repeated while a JobManager is being elected", async () => {
    let asked = 0;
    const flink = await serve((_, response) => {
      if (++asked < 3) response.writeHead(503).end(JSON.stringify({ errors: ["Service temporarily unavailable"] }));
      else response.end(JSON.stringify({ "flink-version": "2.2.1" }));
    });
    expect(await flink.request(GET)).toEqual({ "flink-version": "2.2.1" });
    expect(asked).toBe(3);
  });

  it("that start something are made once", async () => {
    let asked = 0;
    const flink = await serve((_, response) => {
      asked++;
      response.destroy();
    });
    const start = flink.request({ method: "POST", path: "/jars/x/run" });
    await expect(start).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE", retryable: true });
    expect(asked).toBe(1);
  });

  it("end in bounded time where nobody answers", async () => {
    const flink = await serve(() => undefined, { retryForMs: 200 });
    await expect(flink.request(GET)).rejects.toThrow(/no answer within 150 ms/);
  });

  it("may take longer where they do more", async () => {
    const flink = await serve((_, response) => void setTimeout(() => response.end("{}"), 300));
    expect(await flink.request({ method: "POST", path: "/jars/x/run", timeoutMs: 20_000 })).toEqual({});
  });

  it("say where no cluster is", async () => {
    const nowhere = new FlinkHttp({ url: "http://127.0.0.1:1", retryForMs: 100 });
    await expect(nowhere.request(GET)).rejects.toThrow(/127\.0\.0\.1:1 did not answer GET \/overview: .*ECONNREFUSED/);
    nowhere.close();
  });

  it("that are refused say why: the cause, not the server's stack", async () => {
    const stack =
      "<Exception on server side:\norg.apache.flink.client.program.ProgramInvocationException: The main method caused an error\n\tat org.apache.flink.Client.run(Client.java:1)\nCaused by: java.lang.IllegalArgumentException: The plan of the job has no task.\n\tat countercheck.flink.Plan.check(Plan.java:70)\n";
    const flink = await serve((_, response) =>
      response.writeHead(400).end(JSON.stringify({ errors: ["Internal server error.", stack] })),
    );
    await expect(flink.request(GET)).rejects.toMatchObject({
      code: "CLUSTER_REFUSED",
      message: expect.stringMatching(/refused GET \/overview: 400: The plan of the job has no task\. Correct/),
    });
  });

  it("follow no redirect", async () => {
    const flink = await serve((_, response) =>
      response.writeHead(307, { location: "http://elsewhere.example/" }).end(),
    );
    await expect(flink.request(GET)).rejects.toThrow(/sends on to http:\/\/elsewhere\.example\//);
  });

  it("tell who asks", async () => {
    const flink = await serve(({ headers }, response) => response.end(JSON.stringify(headers)), {
      credentials: { user: "ada", password: "s3cret" },
    });
    expect(await flink.request(GET)).toMatchObject({ authorization: `Basic ${btoa("ada:s3cret")}` });
  });

  it.each([
    ["a page", 200, "<html>Welcome</html>"],
    ["an error of Kafka Connect", 404, '{"error_code":404,"message":"HTTP 404 Not Found"}'],
    ["an error of HBase", 404, "Not found: table overview"],
  ])("notice that something else answers: %s", async (_, status, body) => {
    const flink = await serve((_, response) => response.writeHead(status).end(body));
    await expect(flink.request(GET)).rejects.toMatchObject({
      code: "CLUSTER_ANSWER_INVALID",
      message: expect.stringMatching(/does not answer GET \/overview as Flink's REST API does: .*8081\.$/),
    });
  });

  it("say where an answer is that is no list of jobs", async () => {
    const api = new FlinkApi(await serve((_, response) => response.end("{}")));
    await expect(api.jobs()).rejects.toMatchObject({ code: "CLUSTER_ANSWER_INVALID" });
  });

  it("by TLS say at once, and in one line, that a server speaks none", async () => {
    const { url } = await serve((_, response) => response.end("{}"));
    const encrypted = new FlinkHttp({ url: url.replace("http:", "https:"), retryForMs: 60_000 });
    await expect(encrypted.request(GET)).rejects.toMatchObject({
      code: "CLUSTER_UNAVAILABLE",
      message: expect.stringMatching(/what listens there does not speak TLS; .* begins with http:\/\/.*\.$/),
    });
    encrypted.close();
  });

  it("say at once that a server does not speak HTTP", async () => {
    const tls = createNetServer((socket) => socket.end(Buffer.from([21, 3, 1, 0, 2, 2, 80]))).listen(0, "127.0.0.1");
    await once(tls, "listening");
    const flink = new FlinkHttp({ url: `http://127.0.0.1:${(tls.address() as AddressInfo).port}`, retryForMs: 60_000 });
    await expect(flink.request(GET)).rejects.toThrow(/does not speak HTTP; .* begins with https:\/\//);
    flink.close();
    tls.close();
  });

  it("that are made again are told of, once each", async () => {
    const told: string[] = [];
    const onRetry = (reason: string, forMs: number) => told.push(`${reason}, ${forMs}`);
    const nowhere = new FlinkHttp({ url: "http://127.0.0.1:1", retryForMs: 300, onRetry });
    await expect(nowhere.request(GET)).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
    expect(told).toEqual([expect.stringMatching(/ECONNREFUSED.*, 300$/)]);
    nowhere.close();
  });

  it("send a file as a form does", async () => {
    const folder = mkdtempSync(join(tmpdir(), "countercheck-upload-"));
    const path = join(folder, "job.jar");
    writeFileSync(path, "PK the jar");
    const flink = await serve(async (request, response) => {
      const form = await new Response(Buffer.concat(await request.toArray()), {
        headers: { "content-type": request.headers["content-type"]! },
      }).formData();
      const file = form.get("jarfile") as File;
      response.end(JSON.stringify({ filename: `/tmp/flink-web/17_${file.name}`, text: await file.text() }));
    });
    const far: number[] = [];
    const file = { path, field: "jarfile", name: "mine.jar", type: "application/x-java-archive" };
    const answer = await flink.upload("/jars/upload", file, (bytes, of) => far.push(bytes / of));
    rmSync(folder, { recursive: true });
    expect(answer).toEqual({ filename: "/tmp/flink-web/17_mine.jar", text: "PK the jar" });
    expect(far).toEqual([1]);
  });
});

describe("a job is found", () => {
  const ids = ["a", "b", "c", "d"].map((letter) => letter.repeat(32));
  const jobs = [
    { jid: ids[0], name: "refunds", state: "CANCELED", "start-time": 1 },
    { jid: ids[1], name: "refunds", state: "RUNNING", "start-time": 2 },
    { jid: ids[2], name: "refunds", state: "FAILED", "start-time": 3 },
    { jid: ids[3], name: "payouts", state: "FINISHED", "start-time": 4 },
  ];
  const open = async (more: object[] = []) =>
    new FlinkApi(
      await serve(({ url }, response) => {
        const savepoint = { id: 9, external_path: "s3://ours/savepoint-1", discarded: false };
        const latest = { savepoint, completed: { id: 8, external_path: "s3://ours/chk-8", discarded: true } };
        response.end(JSON.stringify(url!.endsWith("/checkpoints") ? { latest } : { jobs: [...jobs, ...more] }));
      }),
    );

  it("by its name: the one that goes on", async () => {
    expect((await findJob(await open(), "refunds")).jid).toBe(ids[1]);
  });

  it("by its id, also when it is over", async () => {
    expect((await findJob(await open(), ids[2]!.toUpperCase())).state).toBe("FAILED");
  });

  it("unless there are two", async () => {
    const api = await open([{ jid: "e".repeat(32), name: "refunds", state: "RUNNING", "start-time": 5 }]);
    await expect(findJob(api, "refunds")).rejects.toMatchObject({ code: "JOB_ON_CLUSTER_AMBIGUOUS" });
  });

  it("or none, or none that goes on", async () => {
    const api = await open();
    await expect(findJob(api, "x")).rejects.toThrow(/There is no job x at .* There are: refunds, payouts\./);
    await expect(findGoing(api, "payouts")).rejects.toMatchObject({
      code: "JOB_ON_CLUSTER_OVER",
      message: expect.stringContaining("countercheck submit --from-savepoint s3://ours/savepoint-1"),
    });
  });
});
