import { setTimeout as sleep } from "node:timers/promises";
import { GenericError, MultipleErrors, ProtocolError } from "@platformatic/kafka";
import { CountercheckError, isError, messageOf } from "../../base/errors.ts";

/** What was asked of whom, for messages. Never a secret. */
export interface KafkaRequestContext {
  /** What was being done, as a noun: "the metadata of topics". */
  readonly doing: string;
  /** `host:port` of the broker, or of all that were tried. */
  readonly broker: string;
  readonly mechanism?: string | undefined;
}

/**
 * The catalogued error for whatever a connection or the client library threw; its cause is the original. KAFKA_UNAVAILABLE
 * (the only retryable one), KAFKA_AUTHENTICATION_FAILED, KAFKA_TLS_FAILED, KAFKA_NOT_AUTHORIZED, KAFKA_UNSUPPORTED or
 * KAFKA_REFUSED; BUG for what is none of the network's doing and no answer of a broker.
 */
export function kafkaError(error: unknown, context: KafkaRequestContext): CountercheckError {
  if (isError(error)) return error;
  const { doing, broker, mechanism } = context;
  const details = { doing, broker, mechanism: mechanism ?? "none", reason: reasonOf(error) };
  const options = { cause: error };
  const ids = kafkaErrorIds(error);
  if (ids.includes("SASL_AUTHENTICATION_FAILED") || isRefusedLogin(error)) {
    return new CountercheckError("KAFKA_AUTHENTICATION_FAILED", details, options);
  }
  if (ids.some((id) => id.endsWith("_AUTHORIZATION_FAILED"))) {
    return new CountercheckError("KAFKA_NOT_AUTHORIZED", details, options);
  }
  if (ids.includes("UNSUPPORTED_VERSION")) {
    return new CountercheckError("KAFKA_UNSUPPORTED", { what: doing, broker, reason: details.reason }, options);
  }
  if (ids.length > 0) {
    const retryable = ids.every((id) => retryableIds.has(id));
    return new CountercheckError(retryable ? "KAFKA_UNAVAILABLE" : "KAFKA_REFUSED", details, options);
  }
  if (isTlsFailure(error)) return new CountercheckError("KAFKA_TLS_FAILED", details, options);
  const causes = [...firstCauses(error)];
  if (causes.length > 0 && causes.every(isOfNetwork)) {
    return new CountercheckError("KAFKA_UNAVAILABLE", details, options);
  }
  const refusing = causes.find(({ code }) => code !== undefined && refusals.has(code));
  if (refusing !== undefined) return new CountercheckError("KAFKA_REFUSED", details, options);
  return new CountercheckError("BUG", { what: `${doing} of Kafka at ${broker}: ${details.reason}` }, options);
}

/** Names of the error codes that a broker answered with, such as `NOT_COORDINATOR`, also of a catalogued error's cause. */
export function kafkaErrorIds(error: unknown): readonly string[] {
  return protocolErrorsOf(error).map(({ apiId }) => apiId);
}

const ATTEMPTS = 5;
const FIRST_DELAY_MS = 100;

/** Runs `attempt` until it does not fail with a retryable error, at most five times within about 1.5 s of waiting. */
export async function retrying<T>(attempt: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isError(error) || !error.retryable || n === ATTEMPTS) throw error;
      await sleep(FIRST_DELAY_MS * 2 ** (n - 1));
    }
  }
}

/** Answers that pass by themselves: elections, coordinators that load or move, brokers that start or stop. */
const retryableIds: ReadonlySet<string> = new Set([
  "BROKER_NOT_AVAILABLE",
  "CONCURRENT_TRANSACTIONS",
  "COORDINATOR_LOAD_IN_PROGRESS",
  "COORDINATOR_NOT_AVAILABLE",
  "FENCED_LEADER_EPOCH",
  "KAFKA_STORAGE_ERROR",
  "LEADER_NOT_AVAILABLE",
  "NETWORK_EXCEPTION",
  "NOT_CONTROLLER",
  "NOT_COORDINATOR",
  "NOT_ENOUGH_REPLICAS",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  "NOT_LEADER_OR_FOLLOWER",
  "OFFSET_NOT_AVAILABLE",
  "REPLICA_NOT_AVAILABLE",
  "REQUEST_TIMED_OUT",
  "THROTTLING_QUOTA_EXCEEDED",
  "UNKNOWN_LEADER_EPOCH",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "UNKNOWN_TOPIC_ID",
  "UNSTABLE_OFFSET_COMMIT",
]);

/** An error, what it is made of, and what caused it. */
function* chainOf(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  if (error instanceof AggregateError) for (const each of error.errors) yield* chainOf(each);
  yield* chainOf(error.cause);
}

/** What an error began with: the library says of whatever ended a connection that the network failed. */
function* firstCauses(error: unknown): Generator<Error & { readonly code?: string }> {
  if (!(error instanceof Error)) return;
  const inner = [...(error instanceof AggregateError ? error.errors : []), error.cause].filter(
    (each) => each instanceof Error,
  );
  if (inner.length === 0) yield error;
  for (const each of inner) yield* firstCauses(each);
}

/** Of the library: also time-outs have the network's code; and a connection that lost its place is made anew. */
const networkCodes: ReadonlySet<string> = new Set([
  "PLT_KFK_NETWORK",
  "PLT_KFK_TIMEOUT",
  "PLT_KFK_UNEXPECTED_CORRELATION_ID",
  "ERR_SOCKET_CLOSED",
  "ERR_SOCKET_CLOSED_BEFORE_CONNECTION",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
]);

/** Of the library: what was asked of it is wrong, or it does not know how. */
const refusals: ReadonlySet<string> = new Set(["PLT_KFK_USER", "PLT_KFK_UNSUPPORTED", "PLT_KFK_UNSUPPORTED_API"]);

/** The library's own, or the system's, such as ECONNREFUSED and EAI_AGAIN. */
function isOfNetwork({ code }: { readonly code?: string }): boolean {
  return typeof code === "string" && (networkCodes.has(code) || /^E(?!RR_)[A-Z0-9_]+$/.test(code));
}

/** The library also calls it a refused login when the connection is lost before the broker said anything. */
function isRefusedLogin(error: unknown): boolean {
  const hasCode = (each: Error, code: string) => each instanceof GenericError && each.code === code;
  const isLost = (each: Error) => hasCode(each, "PLT_KFK_NETWORK") || hasCode(each, "PLT_KFK_TIMEOUT");
  return [...chainOf(error)].some(
    (each) => hasCode(each, "PLT_KFK_AUTHENTICATION") && ![...chainOf(each.cause)].some(isLost),
  );
}

function isTlsFailure(error: unknown): boolean {
  return [...chainOf(error)].some((each) => {
    const { code = "" } = each as NodeJS.ErrnoException;
    return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code) || / TLS[ .]/.test(each.message);
  });
}

/** What the broker answered, or else the messages from the outside in. */
function reasonOf(error: unknown): string {
  const answers = protocolErrorsOf(error).map(({ apiId, serverErrorMessage }) => {
    return serverErrorMessage ? `${apiId}, ${withoutStop(serverErrorMessage)}` : apiId;
  });
  if (answers.length > 0) return [...new Set(answers)].join("; ");
  const messages = [...chainOf(error)]
    .filter((each) => !(each instanceof MultipleErrors))
    .map(({ message }) => withoutStop(message));
  return messages.length === 0 ? messageOf(error) : [...new Set(messages)].join(": ");
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, "");
}

/** What the library's types leave out. */
type BrokerError = ProtocolError & { readonly apiId: string; readonly serverErrorMessage: string | null };

function protocolErrorsOf(error: unknown): BrokerError[] {
  return [...chainOf(error)].filter((each): each is BrokerError => each instanceof ProtocolError);
}
