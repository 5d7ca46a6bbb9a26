/** A server that the project runs against. */
export type ServiceName =
  | "kafka"
  | "registry"
  | "connect"
  | "mariadb"
  | "postgres"
  | "hbase"
  | "redis"
  | "flink"
  | "zookeeper"
  | "flink-ha";

/** One row of the table of services. */
export interface Service {
  readonly title: string;
  /** Of the server itself; Debian's packages say no more than their series. */
  readonly version: string;
  /** On 127.0.0.1, unless free ones are asked for. */
  readonly ports: Readonly<Record<string, number>>;
  /** Programs that must be installed to start it without Docker; see `tools.ts` for what brings them. */
  readonly needs: readonly string[];
  readonly dependsOn: readonly ServiceName[];
  /** What it is made of where that is more than one server, each of which can be killed by itself; in order of starting. */
  readonly members?: readonly string[];
  /** True for what is started only when it is named: few need it, or it takes much. */
  readonly onlyByName?: true;
  /** What answers once it can be used. */
  readonly readiness: string;
  /** How long it may take until then, on a busy machine of two cores. */
  readonly readyWithinS: number;
  /** How long a polite stop may take before the process is killed. */
  readonly stopWithinS: number;
  /** What it usually takes of memory, in MiB. */
  readonly usualMb: number;
  /** The most that its heap or cache may take, in MiB. */
  readonly limitMb: number;
}

const FLINK_VERSION = "2.2.1";

/** The servers, in the order in which they are named. Docker's side of the same table is `docker-compose.yml`. */
export const services: Readonly<Record<ServiceName, Service>> = {
  kafka: {
    title: "Apache Kafka (KRaft, one node)",
    version: "4.3.1",
    ports: { broker: 9092, controller: 9093 },
    needs: ["java", "mvn"],
    dependsOn: [],
    readiness: "the broker lists itself in its metadata",
    readyWithinS: 120,
    stopWithinS: 20,
    usualMb: 330,
    limitMb: 512,
  },
  registry: {
    title: "Apicurio schema registry",
    version: "2.6.13.Final",
    ports: { http: 8085 },
    needs: ["java", "mvn"],
    dependsOn: [],
    readiness: "its Confluent API lists subjects",
    readyWithinS: 120,
    stopWithinS: 20,
    usualMb: 200,
    limitMb: 384,
  },
  connect: {
    title: "Kafka Connect with Debezium for MariaDB and PostgreSQL",
    version: "3.5.0.Final",
    ports: { http: 8083 },
    needs: ["java", "jar", "mvn"],
    dependsOn: ["kafka", "registry"],
    readiness: "its API lists connectors",
    readyWithinS: 180,
    stopWithinS: 20,
    usualMb: 300,
    limitMb: 512,
  },
  mariadb: {
    title: "MariaDB with a row-based binary log",
    version: "10.11",
    ports: { sql: 3307 },
    needs: ["mariadbd", "mariadb-install-db"],
    dependsOn: [],
    readiness: "user cdc can select from database shop",
    readyWithinS: 60,
    stopWithinS: 20,
    usualMb: 100,
    limitMb: 64,
  },
  postgres: {
    title: "PostgreSQL with logical decoding",
    version: "15",
    ports: { sql: 5433 },
    needs: ["postgres", "initdb"],
    dependsOn: [],
    readiness: "user cdc can select from database shop",
    readyWithinS: 60,
    stopWithinS: 20,
    usualMb: 60,
    limitMb: 64,
  },
  hbase: {
    title: "Apache HBase (standalone) with its REST server",
    version: "2.6.1",
    ports: { rest: 8070, zookeeper: 2181, master: 16000, regionServer: 16020 },
    needs: ["java", "mvn"],
    dependsOn: [],
    readiness: "REST tells of a region server that is alive",
    readyWithinS: 180,
    stopWithinS: 60,
    usualMb: 500,
    limitMb: 2048,
  },
  redis: {
    title: "Redis",
    version: "7",
    ports: { redis: 6380 },
    needs: ["redis-server"],
    dependsOn: [],
    readiness: "it answers PING",
    readyWithinS: 20,
    stopWithinS: 20,
    usualMb: 10,
    limitMb: 64,
  },
  flink: {
    title: "Apache Flink: a session cluster of a JobManager and two TaskManagers with 4 slots each",
    version: FLINK_VERSION,
    ports: { rest: 8081, rpc: 6123, blob: 6124 },
    needs: ["java", "mvn"],
    dependsOn: [],
    members: ["flink-jobmanager", "flink-taskmanager-1", "flink-taskmanager-2"],
    onlyByName: true,
    readiness: "REST tells of the JobManager, and of each TaskManager",
    readyWithinS: 120,
    stopWithinS: 20,
    usualMb: 900,
    limitMb: 1536,
  },
  zookeeper: {
    title: "Apache ZooKeeper, for flink-ha",
    version: "3.8.4",
    ports: { client: 2182 },
    needs: ["java", "mvn"],
    dependsOn: [],
    onlyByName: true,
    readiness: "it answers ruok",
    readyWithinS: 60,
    stopWithinS: 20,
    usualMb: 90,
    limitMb: 128,
  },
  "flink-ha": {
    title: "the same as flink, highly available by ZooKeeper, with the adaptive scheduler",
    version: FLINK_VERSION,
    ports: { rest: 8181, rpc: 6223, blob: 6224 },
    needs: ["java", "mvn"],
    dependsOn: ["zookeeper"],
    members: ["flink-ha-jobmanager", "flink-ha-taskmanager-1", "flink-ha-taskmanager-2"],
    onlyByName: true,
    readiness: "REST tells of the JobManager, and of each TaskManager",
    readyWithinS: 120,
    stopWithinS: 20,
    usualMb: 900,
    limitMb: 1536,
  },
};

/** All names, as the table has them. */
export const serviceNames = Object.keys(services) as readonly ServiceName[];

/** What is started when nothing is named. */
export const usualServices: readonly ServiceName[] = serviceNames.filter((name) => !services[name].onlyByName);

/** What a service is made of: itself, unless the table says more. */
export function membersOf(name: ServiceName): readonly string[] {
  return services[name].members ?? [name];
}

/** The port numbers of every service by its ports' names. */
export type Ports = Readonly<Record<ServiceName, Readonly<Record<string, number>>>>;

/** Those that are known of some services. */
export type SomePorts = Partial<Ports>;

/** The ports that the table names. */
export const standardPorts: Ports = Object.fromEntries(
  serviceNames.map((name) => [name, services[name].ports]),
) as Ports;
