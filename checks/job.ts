import { raise } from "../base/errors.ts";
import { Environment } from "../dataflow/environment.ts";
import type { Graph } from "../dataflow/graph.ts";
import type { Fields } from "../dataflow/model.ts";
import { type AuditSpec, audit, type UntypedAuditSpec } from "./audit/audit.ts";
import { type BoundSpec, bound } from "./bound/bound.ts";
import { type CheckedModels, type CustomSpec, custom, type UntypedCustomSpec } from "./custom/custom.ts";
import type { StateValue } from "./custom/state-text.ts";
import { type ReconcileSpec, reconcile } from "./reconcile/reconcile.ts";
import { type ReplicaSpec, replica, type UntypedReplicaSpec } from "./replica/replica.ts";
import { type UniqueSpec, unique } from "./unique/unique.ts";

/** What a job is written against: streams and changelogs, and the checks over them. */
export class JobEnvironment extends Environment {
  /** Σ expected = Σ actual per key and currency, each contribution by its deadline (A1 of the semantics). */
  reconcile<const K extends string>(uid: string, spec: ReconcileSpec<K>): void {
    reconcile(this, uid, spec);
  }

  /** Σ parts ≤ Σ whole per key and currency; an excess is judged at once (B of the semantics). */
  bound<const K extends string>(uid: string, spec: BoundSpec<K>): void {
    bound(this, uid, spec);
  }

  /** No row repeats another, by key or by likeness (B of the semantics). */
  unique<F extends Fields>(uid: string, spec: UniqueSpec<F>): void {
    unique(this, uid, spec);
  }

  /** A function of the job's own says what is wrong with the rows of a key. */
  custom<const M extends CheckedModels, S extends StateValue = null>(uid: string, spec: CustomSpec<M, S>): void {
    custom(this, uid, spec as unknown as UntypedCustomSpec);
  }

  /** Writes of a model's rows are authorised, and change them as they may be changed (D of the semantics). */
  audit<F extends Fields, C extends Fields, A extends Fields>(uid: string, spec: AuditSpec<F, C, A>): void {
    audit(this, uid, spec as unknown as UntypedAuditSpec);
  }

  /** Two tables say the same of each key, while writes go to both (C of the semantics). */
  replica<const K extends string, O extends Fields, N extends Fields>(uid: string, spec: ReplicaSpec<K, O, N>): void {
    replica(this, uid, spec as unknown as UntypedReplicaSpec);
  }
}

/** A job: a name, and a function that builds its graph. Nothing runs until a runner takes it. */
export interface Job {
  readonly name: string;
  /** Builds the job into an environment that others may share. Throws what is wrong with the job. */
  build(env: JobEnvironment): void;
  /** Builds the graph of the job alone, anew. Throws what is wrong with the job. */
  graph(): Graph;
}

/** Declares a job. `define` says what it does; it is called once per run. */
export function job(name: string, define: (env: JobEnvironment) => void): Job {
  requireJobName(name);
  const build = (env: JobEnvironment) => {
    const built: unknown = define(env);
    if (built instanceof Promise) raise("JOB_INVALID", { file: `The job ${name}`, reason: "its function is async" });
  };
  return {
    name,
    build,
    graph() {
      const env = new JobEnvironment();
      build(env);
      return env.graph(name);
    },
  };
}

/** JOB_NAME_INVALID. */
export function requireJobName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) raise("JOB_NAME_INVALID", { name });
}
