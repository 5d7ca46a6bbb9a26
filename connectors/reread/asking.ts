import { isError, messageOf, raise } from "../../base/errors.ts";

/** How a question is asked of a database. */
export interface Asking<C, T> {
  /** Names the source of truth, for errors. */
  readonly source: string;
  /** For all of it, in ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Waits for a connection. */
  readonly take: () => Promise<C>;
  readonly ask: (connection: C) => Promise<T>;
  /** Gives the connection back, exactly once; a broken one, at which something may still go on, is not used again. */
  readonly give: (connection: C, isBroken: boolean) => void;
}

/** Asks within a time, and breaks off what takes longer. REREAD_FAILED, which holds what the server says. */
export async function asked<C, T>(asking: Asking<C, T>): Promise<T> {
  const { source, timeoutMs, signal } = asking;
  const timeout = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([signal, timeout]);
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const onStop = () => reject(stop.reason);
  stop.addEventListener("abort", onStop, { once: true });
  const work = ask(asking, stop);
  try {
    return await Promise.race([work, stopped]);
  } catch (error) {
    work.catch(() => undefined);
    if (isError(error)) throw error;
    const reason = timeout.aborted ? `no answer within ${timeoutMs} ms` : saidBy(error);
    return raise("REREAD_FAILED", { source, reason }, { cause: error });
  } finally {
    stop.removeEventListener("abort", onStop);
  }
}

/** MariaDB's driver adds the query to what the server says. */
function saidBy(error: unknown): string {
  const { sqlMessage } = Object(error) as { readonly sqlMessage?: unknown };
  return typeof sqlMessage === "string" ? sqlMessage : messageOf(error);
}

async function ask<C, T>({ take, ask, give }: Asking<C, T>, stop: AbortSignal): Promise<T> {
  const connection = await take();
  let isGiven = false;
  const giveBack = (isBroken: boolean) => {
    if (!isGiven) give(connection, isBroken);
    isGiven = true;
  };
  const onStop = () => giveBack(true);
  stop.addEventListener("abort", onStop, { once: true });
  try {
    stop.throwIfAborted();
    const answer = await ask(connection);
    giveBack(false);
    return answer;
  } finally {
    stop.removeEventListener("abort", onStop);
    giveBack(true);
  }
}
