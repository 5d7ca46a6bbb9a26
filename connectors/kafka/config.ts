/** How to reach a cluster: secrets and certificates are themselves here, so it is never shown, logged or saved. */
export interface KafkaConnectionOptions {
  /** What the brokers call this client in their logs and quotas. */
  readonly clientId: string;
  /** `host:port` of the brokers that are asked first. */
  readonly brokers: readonly string[];
  /** PEM texts; an empty object is TLS with the machine's authorities. Without it, the connection is in the clear. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: SaslOptions;
}

/** How the client says who it is. */
export type SaslOptions =
  | {
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      readonly user: string;
      readonly password: string;
    }
  | {
      readonly mechanism: "OAUTHBEARER";
      /** Asked for whenever a connection authenticates itself. */
      readonly token: () => string;
    };

/**
 * Where a partition is read from when there is no checkpoint to go on from: an end of the log, the first record at or
 * after a time in epoch ms, or an offset.
 */
export type StartPosition = "earliest" | "latest" | { readonly timestampMs: number } | { readonly offset: number };
