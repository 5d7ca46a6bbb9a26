import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** A completed checkpoint. */
export interface CheckpointFigures {
  readonly id: number;
  readonly durationMs: number;
  readonly bytes: number;
  /** Written for this one. */
  readonly newBytes: number;
}

/** How checkpoints of a job went. */
export interface Checkpoints {
  readonly completed: number;
  readonly failed: number;
  /** What Flink says of those that failed. */
  readonly failures: readonly string[];
  readonly latest: CheckpointFigures | undefined;
  readonly history: readonly CheckpointFigures[];
}

/** What the benchmark asks of Flink's REST API. Rejects with Flink's answer where that is no success. */
export class FlinkRest {
  readonly #url: string;
  #positions: { readonly vertex: string; readonly metrics: readonly string[] }[] | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  async slots(): Promise<number> {
    const { "slots-available": slots } = await this.#ask<{ "slots-available": number }>("/overview");
    return slots;
  }

  /** Uploads a jar and runs its main class; gives the job's id. */
  async run(jar: string, entryClass: string, programArgsList: readonly string[]): Promise<string> {
    const form = new FormData();
    form.append("jarfile", new Blob([readFileSync(jar)]), basename(jar));
    const { filename } = await this.#ask<{ filename: string }>("/jars/upload", { method: "POST", body: form });
    const body = JSON.stringify({ entryClass, parallelism: 1, programArgsList });
    const headers = { "content-type": "application/json" };
    const path = `/jars/${basename(filename)}/run`;
    return (await this.#ask<{ jobid: string }>(path, { method: "POST", body, headers })).jobid;
  }

  async state(job: string): Promise<string> {
    return (await this.#ask<{ state: string }>(`/jobs/${job}`)).state;
  }

  /** The job that runs, by itself on a cluster. */
  async onlyJob(): Promise<string | undefined> {
    const { jobs } = await this.#ask<{ jobs: { id: string; status: string }[] }>("/jobs");
    return jobs.find(({ status }) => status === "RUNNING")?.id;
  }

  async failure(job: string): Promise<string> {
    const answer = await this.#ask<{ exceptionHistory: { entries: { stacktrace: string }[] } }>(
      `/jobs/${job}/exceptions`,
    );
    return answer.exceptionHistory.entries[0]?.stacktrace ?? "";
  }

  async cancel(job: string): Promise<void> {
    await this.#ask(`/jobs/${job}?mode=cancel`, { method: "PATCH" });
  }

  /** Records that the job's Kafka sources have read of topics that begin so, as metrics say it; half a second old. */
  async recordsRead(job: string, prefix: string): Promise<number> {
    this.#positions ??= await this.#positionMetrics(job, prefix);
    let read = 0;
    for (const { vertex, metrics } of this.#positions) {
      for (let from = 0; from < metrics.length; from += 20) {
        const names = metrics
          .slice(from, from + 20)
          .map(encodeURIComponent)
          .join(",");
        const values = await this.#ask<{ value: string }[]>(`/jobs/${job}/vertices/${vertex}/metrics?get=${names}`);
        // The offset of the last record; −1 before the first.
        for (const { value } of values) read += Math.max(0, Number(value) + 1);
      }
    }
    if (read === 0) this.#positions = undefined;
    return read;
  }

  async checkpoints(job: string): Promise<Checkpoints> {
    const { counts, latest, history } = await this.#ask<CheckpointAnswer>(`/jobs/${job}/checkpoints`);
    const completed = history.filter(({ status }) => status === "COMPLETED").map(figuresOf);
    return {
      ...{ completed: counts.completed, failed: counts.failed, history: completed },
      failures: history.flatMap(({ failure_message: message }) => message ?? []),
      latest: latest.completed === null ? undefined : figuresOf(latest.completed),
    };
  }

  async #positionMetrics(job: string, prefix: string) {
    const { vertices } = await this.#ask<{ vertices: { id: string }[] }>(`/jobs/${job}`);
    const found: { vertex: string; metrics: string[] }[] = [];
    const topics = `.topic.${prefix.replaceAll(".", "_")}`;
    for (const { id } of vertices) {
      const all = await this.#ask<{ id: string }[]>(`/jobs/${job}/vertices/${id}/metrics`);
      const names = all.map((metric) => metric.id);
      const metrics = names.filter((name) => name.includes(topics) && name.endsWith(".currentOffset"));
      if (metrics.length > 0) found.push({ vertex: id, metrics });
    }
    return found;
  }

  async #ask<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(this.#url + path, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`Flink answered ${response.status} to ${path}: ${text.slice(0, 4000)}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}

interface CheckpointEntry {
  readonly id: number;
  readonly status: string;
  readonly end_to_end_duration: number;
  readonly state_size: number;
  readonly checkpointed_size: number;
  readonly failure_message?: string;
}

interface CheckpointAnswer {
  readonly counts: { readonly completed: number; readonly failed: number };
  readonly latest: { readonly completed: CheckpointEntry | null };
  readonly history: readonly CheckpointEntry[];
}

function figuresOf(entry: CheckpointEntry): CheckpointFigures {
  const { id, end_to_end_duration: durationMs, state_size: bytes, checkpointed_size: newBytes } = entry;
  return { id, durationMs, bytes, newBytes };
}
