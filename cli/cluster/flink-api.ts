import { isError, raise } from "../../base/errors.ts";
import type { PlannedFacts } from "../../flink/cluster-plan.ts";
import type { FlinkHttp } from "./flink-http.ts";

/** States of a job at Flink. */
export type JobState =
  | "INITIALIZING"
  | "CREATED"
  | "RUNNING"
  | "FAILING"
  | "FAILED"
  | "CANCELLING"
  | "CANCELED"
  | "FINISHED"
  | "RESTARTING"
  | "SUSPENDED"
  | "RECONCILING";

/** A job in a list. */
export interface JobSummary {
  readonly jid: string;
  readonly name: string;
  readonly state: JobState;
  /** Epoch ms. */
  readonly "start-time": number;
  /** In ms. */
  readonly duration: number;
}

/** A job with its vertices: chains of operators. */
export interface JobDetails extends JobSummary {
  readonly vertices: readonly JobVertex[];
}

/** A chain of operators of a job. */
export interface JobVertex {
  readonly id: string;
  readonly name: string;
  readonly maxParallelism: number;
  readonly parallelism: number;
  readonly status: string;
  /** Elements of the exchanges, each of which may hold many rows. */
  readonly metrics: { readonly "read-records": number; readonly "write-records": number };
}

/** The checkpoints of a job. */
export interface CheckpointStatistics {
  readonly counts: { readonly restored: number; readonly completed: number; readonly failed: number };
  readonly latest: {
    readonly completed: CompletedCheckpoint | null;
    readonly savepoint: CompletedCheckpoint | null;
    /** The last that had begun; `counts.failed` has those besides that were due while not all tasks ran. */
    readonly failed: { readonly id: number; readonly failure_message: string | null } | null;
    readonly restored: { readonly id: number; readonly external_path: string | null } | null;
  };
}

/** A checkpoint, in the words of the API. */
export interface CompletedCheckpoint {
  readonly id: number;
  readonly is_savepoint: boolean;
  /** Epoch ms. */
  readonly trigger_timestamp: number;
  /** In ms. */
  readonly end_to_end_duration: number;
  readonly state_size: number;
  readonly external_path: string | null;
  /** True where it is not there any more. */
  readonly discarded: boolean;
}

/** A failure of a job. */
export interface JobException {
  readonly exceptionName: string;
  /** The exception with its causes, as Java prints it. */
  readonly stacktrace: string;
  /** Epoch ms. */
  readonly timestamp: number;
  /** Null for a failure of the job as a whole. */
  readonly taskName: string | null;
}

/** A metric over all subtasks of a vertex that have it. */
export interface MetricTotals {
  readonly id: string;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** What may be wanted of a jar's job. */
export interface RunRequest {
  readonly entryClass: string;
  readonly jobId: string;
  readonly parallelism: number;
  readonly savepointPath?: string | undefined;
  readonly allowNonRestoredState: boolean;
}

/** How the main class of a jar is begun where its job is not started. */
export interface PlanRequest {
  readonly entryClass: string;
  readonly parallelism: number;
  readonly args: readonly string[];
}

/** How many subtasks a vertex wants, by its id. */
export type Requirements = Readonly<
  Record<string, { readonly parallelism: { readonly lowerBound: number; readonly upperBound: number } }>
>;

/** How far a savepoint is that was asked for. */
export interface SavepointProgress {
  readonly status: "IN_PROGRESS" | "COMPLETED";
  readonly location?: string;
  /** Why there is none, as Java prints it. */
  readonly failure?: string;
}

/** Flink answers when the job's program has run and its jar is where TaskManagers get it from, such as an object store. */
const START_MS = 5 * 60_000;

/** The calls of Flink's REST API that the commands make. Each rejects as `FlinkHttp` says. */
export class FlinkApi {
  readonly #http: FlinkHttp;

  constructor(http: FlinkHttp) {
    this.#http = http;
  }

  /** The cluster's address, for people. */
  get url(): string {
    return this.#http.url;
  }

  overview(): Promise<ClusterOverview> {
    return this.#get("/overview");
  }

  async jobs(): Promise<readonly JobSummary[]> {
    const { jobs } = await this.#get<{ readonly jobs?: readonly JobSummary[] }>("/jobs/overview");
    if (Array.isArray(jobs)) return jobs;
    const reason = "it says nothing of jobs";
    return raise("CLUSTER_ANSWER_INVALID", { url: this.url, request: "GET /jobs/overview", reason });
  }

  /** Undefined for a job that the cluster does not know (yet). */
  async job(id: string): Promise<JobDetails | undefined> {
    try {
      return await this.#get(`/jobs/${id}`);
    } catch (error) {
      if (isError(error, "CLUSTER_REFUSED") && error.details.status === 404) return undefined;
      throw error;
    }
  }

  checkpoints(id: string): Promise<CheckpointStatistics> {
    return this.#get(`/jobs/${id}/checkpoints`);
  }

  /** How often a job was begun again; undefined where that is not told (yet). */
  async restarts(id: string): Promise<number | undefined> {
    const [restarts] = await this.#get<readonly { readonly value?: string }[]>(`/jobs/${id}/metrics?get=numRestarts`);
    return restarts?.value === undefined ? undefined : Number(restarts.value);
  }

  /** The job's own parameters: what its plan has as `facts`. */
  async facts(id: string): Promise<Partial<PlannedFacts>> {
    const answer = await this.#get<{
      readonly "execution-config"?: { readonly "user-config"?: Partial<PlannedFacts> };
    }>(`/jobs/${id}/config`);
    return answer["execution-config"]?.["user-config"] ?? {};
  }

  /** Failures, the newest first. */
  async exceptions(id: string): Promise<readonly JobException[]> {
    const answer = await this.#get<{
      readonly exceptionHistory?: { readonly entries: readonly JobException[] };
    }>(`/jobs/${id}/exceptions?maxExceptions=10`);
    return answer.exceptionHistory?.entries ?? [];
  }

  /** Metrics that some subtask of a vertex has, by names that are the same for all. */
  async metricNames(id: string, vertex: string): Promise<readonly string[]> {
    const found = await this.#get<readonly { readonly id: string }[]>(
      `/jobs/${id}/vertices/${vertex}/subtasks/metrics`,
    );
    return found.map(({ id }) => id);
  }

  metrics(id: string, vertex: string, names: readonly string[]): Promise<readonly MetricTotals[]> {
    const get = names.map(encodeURIComponent).join(",");
    return this.#get(`/jobs/${id}/vertices/${vertex}/subtasks/metrics?agg=sum,min,max&get=${get}`);
  }

  /** Uploads a jar; gives its id. */
  async upload(path: string, name: string, onProgress: (bytes: number, of: number) => void): Promise<string> {
    const file = { path, name, field: "jarfile", type: "application/x-java-archive" };
    const { filename } = await this.#http.upload<{ readonly filename: string }>("/jars/upload", file, onProgress);
    return filename.slice(filename.lastIndexOf("/") + 1);
  }

  /** Has the main class of a jar begin, and stops it before it starts the job: nothing is changed. */
  plan(jar: string, { entryClass, parallelism, args }: PlanRequest): Promise<unknown> {
    const body = { entryClass, parallelism, programArgsList: args };
    const path = `/jars/${encodeURIComponent(jar)}/plan`;
    return this.#http.request({ method: "POST", path, body, mayRepeat: true, timeoutMs: START_MS });
  }

  /** Starts the job of a jar. The same id twice starts it once. */
  run(
    jar: string,
    { entryClass, jobId, parallelism, savepointPath, allowNonRestoredState }: RunRequest,
  ): Promise<unknown> {
    const body = { entryClass, jobId, parallelism, savepointPath, allowNonRestoredState, claimMode: "NO_CLAIM" };
    const path = `/jars/${encodeURIComponent(jar)}/run`;
    return this.#http.request({ method: "POST", path, body, timeoutMs: START_MS });
  }

  deleteJar(jar: string): Promise<unknown> {
    return this.#http.request({ method: "DELETE", path: `/jars/${encodeURIComponent(jar)}` });
  }

  cancel(id: string): Promise<unknown> {
    return this.#http.request({ method: "PATCH", path: `/jobs/${id}?mode=cancel` });
  }

  /** Asks for a savepoint; gives what its progress is asked by. */
  async savepoint(id: string, targetDirectory: string | undefined): Promise<string> {
    const body = { "target-directory": targetDirectory, "cancel-job": false };
    return this.#trigger(`/jobs/${id}/savepoints`, body);
  }

  /** Ends a job with a savepoint; gives what its progress is asked by. */
  async stop(id: string, targetDirectory: string | undefined, drain: boolean): Promise<string> {
    return this.#trigger(`/jobs/${id}/stop`, { targetDirectory, drain });
  }

  async savepointProgress(id: string, trigger: string): Promise<SavepointProgress> {
    const { status, operation } = await this.#get<{
      readonly status: { readonly id: SavepointProgress["status"] };
      readonly operation?: {
        readonly location?: string;
        readonly "failure-cause"?: { readonly "stack-trace": string };
      };
    }>(`/jobs/${id}/savepoints/${trigger}`);
    const { location, "failure-cause": cause } = operation ?? {};
    return {
      status: status.id,
      ...(location !== undefined && { location }),
      ...(cause !== undefined && { failure: cause["stack-trace"] }),
    };
  }

  /** What a job wants; undefined where its scheduler cannot give it more or less while it runs. */
  async requirements(id: string): Promise<Requirements | undefined> {
    try {
      return await this.#get(`/jobs/${id}/resource-requirements`);
    } catch (error) {
      if (isError(error, "CLUSTER_REFUSED") && /does not support/.test(String(error.details.reason))) return undefined;
      throw error;
    }
  }

  require(id: string, requirements: Requirements): Promise<unknown> {
    return this.#http.request({ method: "PUT", path: `/jobs/${id}/resource-requirements`, body: requirements });
  }

  async #trigger(path: string, body: object): Promise<string> {
    const answer = await this.#http.request<{ readonly "request-id": string }>({ method: "POST", path, body });
    return answer["request-id"];
  }

  #get<T>(path: string): Promise<T> {
    return this.#http.request({ method: "GET", path });
  }
}

/** What a cluster says of itself. */
export interface ClusterOverview {
  /** Undefined where it is no cluster. */
  readonly "flink-version"?: string;
  readonly taskmanagers: number;
  readonly "slots-total": number;
  readonly "slots-available": number;
}

/** States that a job never leaves. */
export function isOver(state: JobState): boolean {
  return state === "FINISHED" || state === "FAILED" || state === "CANCELED";
}
