import { HOST } from "./ports.ts";
import type { Ports } from "./services.ts";

/** How a database is reached and logged in to. */
export interface DatabaseEndpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Where the servers of a stack are found; plain data. */
export interface Endpoints {
  readonly kafka: { readonly brokers: readonly string[] };
  /** `url` is the Confluent API, `nativeUrl` Apicurio's own. */
  readonly registry: { readonly url: string; readonly nativeUrl: string };
  readonly connect: {
    readonly url: string;
    /** The other servers as Connect sees them: what the configuration of a connector must name. */
    readonly sees: {
      readonly brokers: string;
      /** Apicurio's own API, which its converter speaks. */
      readonly registryUrl: string;
      readonly mariadb: { readonly host: string; readonly port: number };
      readonly postgres: { readonly host: string; readonly port: number };
    };
  };
  /** The user is `cdc`, who may do everything. */
  readonly mariadb: DatabaseEndpoint;
  /** The user is `cdc`, a superuser. */
  readonly postgres: DatabaseEndpoint;
  /** `url` is the REST server, `zookeeper` what a client in Java asks. */
  readonly hbase: { readonly url: string; readonly zookeeper: string };
  readonly redis: { readonly host: string; readonly port: number };
  readonly flink: FlinkEndpoint;
  readonly flinkHa: FlinkEndpoint;
}

/** A session cluster of Flink. */
export interface FlinkEndpoint {
  readonly url: string;
  /** The other servers as Flink sees them: what the configuration of a job must name. */
  readonly sees: { readonly brokers: string; readonly registryUrl: string; readonly hbaseUrl: string };
}

/** The endpoints of servers on these ports, in Docker or not. */
export function endpointsOf(ports: Ports, inDocker: boolean): Endpoints {
  const login = { user: "cdc", password: "cdc", database: "shop" };
  const brokers = `${HOST}:${ports.kafka.broker}`;
  const registry = `http://${HOST}:${ports.registry.http}`;
  const mariadb = { host: HOST, port: ports.mariadb.sql! };
  const postgres = { host: HOST, port: ports.postgres.sql! };
  const hbaseUrl = `http://${HOST}:${ports.hbase.rest}`;
  const flinkSees = inDocker
    ? {
        brokers: "kafka:19092",
        registryUrl: "http://registry:8080/apis/ccompat/v7",
        hbaseUrl: "http://hbase:8070",
      }
    : { brokers, registryUrl: `${registry}/apis/ccompat/v7`, hbaseUrl };
  return {
    kafka: { brokers: [brokers] },
    registry: { url: `${registry}/apis/ccompat/v7`, nativeUrl: `${registry}/apis/registry/v2` },
    connect: {
      url: `http://${HOST}:${ports.connect.http}`,
      sees: inDocker
        ? {
            brokers: "kafka:19092",
            registryUrl: "http://registry:8080/apis/registry/v2",
            mariadb: { host: "mariadb", port: 3306 },
            postgres: { host: "postgres", port: 5432 },
          }
        : { brokers, registryUrl: `${registry}/apis/registry/v2`, mariadb, postgres },
    },
    mariadb: { ...mariadb, ...login },
    postgres: { ...postgres, ...login },
    hbase: { url: hbaseUrl, zookeeper: `${HOST}:${ports.hbase.zookeeper}` },
    redis: { host: HOST, port: ports.redis.redis! },
    flink: { url: `http://${HOST}:${ports.flink.rest}`, sees: flinkSees },
    flinkHa: { url: `http://${HOST}:${ports["flink-ha"].rest}`, sees: flinkSees },
  };
}
