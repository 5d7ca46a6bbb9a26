import { type API, findCoordinatorV4, findCoordinatorV6, metadataV12, ResponseError } from "@platformatic/kafka";
import { CountercheckError, isError, raise } from "../../base/errors.ts";
import type { KafkaConnectionOptions } from "./config.ts";
import { BrokerConnections, type Channel, type Endpoint, nameOf } from "./connections.ts";
import { kafkaErrorIds, retrying } from "./errors.ts";

/** A topic as the cluster describes it. */
export interface KafkaTopic {
  readonly name: string;
  /** Its UUID, which a topic that is deleted and created again does not keep. */
  readonly id: string;
  /** By number. */
  readonly partitions: readonly KafkaPartition[];
}

/** Who leads a partition. */
export interface KafkaPartition {
  /** Id of the broker, −1 while there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
}

/** The broker that a request is for. */
export type BrokerTarget =
  | "any"
  | "controller"
  | { readonly broker: number }
  | { readonly group: string }
  | { readonly transaction: string };

/** What is asked of a broker. */
export interface KafkaRequest<Args extends unknown[], Response> {
  readonly to: BrokerTarget;
  /** For messages, as a noun: "the offsets of topic t". */
  readonly doing: string;
  /** The versions of the request that will do, the newest first: `[findCoordinatorV6.api, findCoordinatorV4.api]`. */
  readonly apis: readonly API<Args, Response>[];
  readonly args: Args;
  /** Default: control. */
  readonly channel?: Channel;
}

/**
 * A client of one cluster: its connections, its brokers and who leads what. Every call rejects with KAFKA_UNAVAILABLE
 * (retryable), KAFKA_AUTHENTICATION_FAILED, KAFKA_TLS_FAILED, KAFKA_NOT_AUTHORIZED, KAFKA_UNSUPPORTED or KAFKA_REFUSED;
 * what the broker answered is told by `kafkaErrorIds`. Secrets are in none of them. Once closed, KAFKA_CLOSED.
 */
export class KafkaCluster {
  readonly #connections: BrokerConnections;
  readonly #bootstrap: readonly Endpoint[];
  readonly #brokers = new Map<number, Endpoint>();
  readonly #coordinators = new Map<string, number>();
  #controller = -1;
  /** Where the last request for any broker went well. */
  #preferred: Endpoint | undefined;

  constructor(options: KafkaConnectionOptions) {
    this.#connections = new BrokerConnections(options);
    this.#bootstrap = options.brokers.map(endpointOf);
  }

  /** The cluster's address, as configured, for messages. */
  get address(): string {
    return this.#bootstrap.map(nameOf).join(",");
  }

  /** The topic as it is now, also with partitions that were added since. Retried for a short while; KAFKA_TOPIC_UNKNOWN. */
  async topic(name: string): Promise<KafkaTopic> {
    const topic = (await retrying(() => this.topics([name]))).get(name)!;
    if (isError(topic)) throw topic;
    return topic;
  }

  /** Many topics at once, asked for once; for each what it is, or why that cannot be told. */
  async topics(names: readonly string[]): Promise<Map<string, KafkaTopic | CountercheckError>> {
    const { topics } = await this.#metadata(names);
    const described = new Map(topics.map((topic) => [topic.name ?? "", topic]));
    return new Map(names.map((name) => [name, topicOf(name, described.get(name), this.address)]));
  }

  /** Sends one request, once. A coordinator or controller that has moved is looked up anew the next time. */
  async request<Args extends unknown[], Response>(request: KafkaRequest<Args, Response>): Promise<Response> {
    const { to, doing, apis, args, channel = "control" } = request;
    if (to === "any") return this.#requestAny(doing, apis, args);
    try {
      const connection = await this.#connections.get(channel, await this.#endpoint(to));
      return await connection.request(doing, apis, args);
    } catch (error) {
      if (isError(error) && (error.retryable || kafkaErrorIds(error).length > 0)) this.#forget(to);
      throw error;
    }
  }

  /** Gives all connections back; requests under way reject. */
  async close(): Promise<void> {
    this.#connections.close();
  }

  async #requestAny<Args extends unknown[], Response>(
    doing: string,
    apis: readonly API<Args, Response>[],
    args: Args,
  ): Promise<Response> {
    let failure: unknown;
    for (const endpoint of this.#anyEndpoints()) {
      try {
        const connection = await this.#connections.get("control", endpoint);
        const response = await connection.request(doing, apis, args);
        this.#preferred = endpoint;
        return response;
      } catch (error) {
        failure = error;
        if (!isError(error, "KAFKA_UNAVAILABLE") || kafkaErrorIds(error).length > 0) throw error;
      }
    }
    throw failure;
  }

  /** The one that last answered, then those of the configuration, then the others: each address once. */
  #anyEndpoints(): Endpoint[] {
    const all = [...this.#bootstrap, ...this.#brokers.values()];
    const ordered = this.#preferred === undefined ? all : [this.#preferred, ...all];
    return [...new Map(ordered.map((endpoint) => [nameOf(endpoint), endpoint])).values()];
  }

  async #endpoint(to: Exclude<BrokerTarget, "any">): Promise<Endpoint> {
    const node = await this.#node(to);
    if (!this.#brokers.has(node)) await this.#metadata([]);
    const endpoint = this.#brokers.get(node);
    if (endpoint !== undefined) return endpoint;
    const reason = node < 0 ? "there is none at the moment" : `broker ${node} is not there at the moment`;
    raise("KAFKA_UNAVAILABLE", { doing: `the ${roleOf(to)}`, broker: this.address, reason });
  }

  async #node(to: Exclude<BrokerTarget, "any">): Promise<number> {
    if (to === "controller") {
      if (this.#controller < 0) await this.#metadata([]);
      return this.#controller;
    }
    if ("broker" in to) return to.broker;
    const key = coordinatorKey(to);
    const known = this.#coordinators.get(key);
    if (known !== undefined) return known;
    const keyType = "group" in to ? 0 : 1;
    const { coordinators } = await this.#requestAny(
      `the ${roleOf(to)}`,
      [findCoordinatorV6.api, findCoordinatorV4.api],
      [keyType, ["group" in to ? to.group : to.transaction]],
    );
    const { nodeId, host, port } = coordinators[0]!;
    this.#brokers.set(nodeId, { host, port });
    this.#coordinators.set(key, nodeId);
    return nodeId;
  }

  #forget(to: Exclude<BrokerTarget, "any">): void {
    if (to === "controller") this.#controller = -1;
    else if (!("broker" in to)) this.#coordinators.delete(coordinatorKey(to));
  }

  /** What is known of the topics, and of the brokers in passing. Errors of single topics and partitions are in the answer. */
  async #metadata(names: readonly string[]): Promise<MetadataResponse> {
    const doing = names.length === 0 ? "the list of brokers" : `the metadata of ${listed(names)}`;
    const response = await this.#requestAny(doing, [metadataV12.api], [[...names], false, false]).catch(answerOf);
    this.#controller = response.controllerId;
    this.#brokers.clear();
    for (const { nodeId, host, port } of response.brokers) this.#brokers.set(nodeId, { host, port });
    return response;
  }
}

type MetadataResponse = ReturnType<typeof metadataV12.parseResponse>;

/** The library throws where one topic or partition has an error, and keeps the answer with it. */
function answerOf(error: unknown): MetadataResponse {
  const cause = error instanceof Error ? error.cause : undefined;
  const answer =
    cause instanceof ResponseError ? (cause as { response?: Partial<MetadataResponse> }).response : undefined;
  if (answer?.brokers === undefined) throw error;
  return answer as MetadataResponse;
}

function topicOf(
  name: string,
  answer: MetadataResponse["topics"][number] | undefined,
  broker: string,
): KafkaTopic | CountercheckError {
  const errorCode = answer?.errorCode ?? UNKNOWN_TOPIC;
  if (errorCode === UNKNOWN_TOPIC || errorCode === INVALID_TOPIC)
    return new CountercheckError("KAFKA_TOPIC_UNKNOWN", { topic: name, broker });
  if (errorCode === TOPIC_NOT_AUTHORIZED) {
    return new CountercheckError("KAFKA_NOT_AUTHORIZED", {
      doing: `topic ${name}`,
      broker,
      reason: "TOPIC_AUTHORIZATION_FAILED",
    });
  }
  if (errorCode !== 0 && errorCode !== LEADER_NOT_AVAILABLE) {
    return new CountercheckError("KAFKA_REFUSED", {
      doing: `topic ${name}`,
      broker,
      reason: `error code ${errorCode}`,
    });
  }
  const partitions: KafkaPartition[] = [];
  for (const { partitionIndex, leaderId, leaderEpoch } of answer!.partitions) {
    partitions[partitionIndex] = { leader: leaderId, leaderEpoch };
  }
  return { name, id: answer!.topicId, partitions };
}

const UNKNOWN_TOPIC = 3;
const LEADER_NOT_AVAILABLE = 5;
const INVALID_TOPIC = 17;
const TOPIC_NOT_AUTHORIZED = 29;

function endpointOf(address: string): Endpoint {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}

function coordinatorKey(to: { readonly group: string } | { readonly transaction: string }): string {
  return "group" in to ? `group ${to.group}` : `transaction ${to.transaction}`;
}

function roleOf(to: Exclude<BrokerTarget, "any">): string {
  if (to === "controller") return "controller";
  if ("broker" in to) return `broker ${to.broker}`;
  return `coordinator of ${coordinatorKey(to)}`;
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? `topic ${names[0]}` : `${names.length} topics`;
}
