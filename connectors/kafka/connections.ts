import { isIP } from "node:net";
import { type API, apiVersionsV3, Connection, type SASLOptions } from "@platformatic/kafka";
import { CountercheckError, raise } from "../../base/errors.ts";
import type { KafkaConnectionOptions, SaslOptions } from "./config.ts";
import { kafkaError } from "./errors.ts";
import { type KafkaConnection, PlainConnection } from "./plain-connection.ts";

/** What a connection is for. A broker answers in order, so a fetch that waits for data keeps off what must not wait. */
export type Channel = "control" | "fetch" | "produce";

/** Where a broker listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const timeouts = { connectTimeout: 10_000, requestTimeout: 30_000 };

/**
 * The open connections of one client: one per broker and channel, made when first asked for, with TLS and SASL, and made
 * anew once one is lost. Closed with `close`.
 */
export class BrokerConnections {
  readonly #options: KafkaConnectionOptions;
  readonly #open = new Map<string, Promise<BrokerConnection>>();
  readonly #sockets = new Set<KafkaConnection>();
  #closed = false;

  constructor(options: KafkaConnectionOptions) {
    this.#options = options;
  }

  /** The connection to a broker. Rejects as `kafkaError` says. */
  get(channel: Channel, endpoint: Endpoint): Promise<BrokerConnection> {
    const name = `${channel} ${nameOf(endpoint)}`;
    if (this.#closed) return Promise.reject(closedError(endpoint));
    let connecting = this.#open.get(name);
    if (connecting === undefined) {
      const forget = () => {
        if (this.#open.get(name) === connecting) this.#open.delete(name);
      };
      connecting = BrokerConnection.open(this.#options, endpoint, this.#connection(channel, endpoint, forget));
      connecting.catch(forget);
      this.#open.set(name, connecting);
    }
    return connecting;
  }

  /** Closes all connections at once, also those that are being made; what is under way on them rejects. */
  close(): void {
    this.#closed = true;
    this.#open.clear();
    for (const connection of this.#sockets) end(connection);
  }

  #connection(channel: Channel, endpoint: Endpoint, onLost: () => void): KafkaConnection {
    const { clientId, tls, sasl } = this.#options;
    const isPlain = channel === "fetch" && tls === undefined && sasl === undefined;
    const connection: KafkaConnection = isPlain
      ? new PlainConnection(clientId, timeouts)
      : new Connection(clientId, connectionOptions(this.#options, endpoint));
    this.#sockets.add(connection);
    connection.on("close", () => {
      this.#sockets.delete(connection);
      onLost();
      end(connection);
    });
    // The library may report more than one failure: the first rejects what waits, and the rest must not end the process.
    connection.on("error", onLost);
    return connection;
  }
}

/** A connection to one broker, and the versions of the requests that it knows. */
export class BrokerConnection {
  readonly #connection: KafkaConnection;
  readonly #endpoint: Endpoint;
  readonly #versions: ReadonlyMap<number, { readonly minVersion: number; readonly maxVersion: number }>;
  readonly #mechanism: string | undefined;

  private constructor(
    connection: KafkaConnection,
    endpoint: Endpoint,
    versions: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[],
    mechanism: string | undefined,
  ) {
    this.#connection = connection;
    this.#endpoint = endpoint;
    this.#versions = new Map(versions.map((version) => [version.apiKey, version]));
    this.#mechanism = mechanism;
  }

  static async open(
    { sasl }: KafkaConnectionOptions,
    endpoint: Endpoint,
    connection: KafkaConnection,
  ): Promise<BrokerConnection> {
    try {
      await connection.connect(endpoint.host, endpoint.port);
      const { apiKeys } = await apiVersionsV3.api.async(connection as Connection, "countercheck", "1");
      return new BrokerConnection(connection, endpoint, apiKeys, sasl?.mechanism);
    } catch (error) {
      end(connection);
      throw kafkaError(error, { doing: "a connection", broker: nameOf(endpoint), mechanism: sasl?.mechanism });
    }
  }

  /**
   * Sends a request in the first of `apis` (the newest first) that the broker knows. Rejects as `kafkaError` says, with
   * KAFKA_UNSUPPORTED where it knows none.
   */
  async request<Args extends unknown[], Response>(
    doing: string,
    apis: readonly API<Args, Response>[],
    args: Args,
  ): Promise<Response> {
    const api = apis.find(({ key, version }) => {
      const known = this.#versions.get(key);
      return known !== undefined && version >= known.minVersion && version <= known.maxVersion;
    });
    const broker = nameOf(this.#endpoint);
    if (api === undefined) {
      const reason = "the broker knows none of the versions of the request that this program speaks";
      raise("KAFKA_UNSUPPORTED", { what: doing, broker, reason });
    }
    try {
      return await api.async(this.#connection as Connection, ...args);
    } catch (error) {
      throw kafkaError(error, { doing, broker, mechanism: this.#mechanism });
    }
  }
}

/** `host:port`. */
export function nameOf({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}

/** At once, and with the library's timer for the next authentication, which would keep the process. */
function end(connection: KafkaConnection): void {
  connection.close(() => undefined);
  connection.socket?.destroy();
}

function closedError(endpoint: Endpoint): CountercheckError {
  return new CountercheckError("KAFKA_CLOSED", { broker: nameOf(endpoint) });
}

function connectionOptions({ tls, sasl }: KafkaConnectionOptions, { host }: Endpoint) {
  return {
    ...timeouts,
    ...(tls && { tls, ...(isIP(host) === 0 && { tlsServerName: host }) }),
    ...(sasl && { sasl: saslOptions(sasl) }),
  };
}

function saslOptions(sasl: SaslOptions): SASLOptions {
  if (sasl.mechanism !== "OAUTHBEARER") {
    return { mechanism: sasl.mechanism, username: sasl.user, password: sasl.password };
  }
  return {
    mechanism: sasl.mechanism,
    token: sasl.token,
    // A broker refuses a token with an answer that is no error, and that says why in JSON.
    authBytesValidator: (answer, callback) => {
      if (answer.length === 0) callback(null, answer);
      else callback(new Error(answer.toString("utf8")));
    },
  };
}
