import { defineConfig } from "vitest/config";
import { rooms } from "./scripts/rooms.ts";

/** Rooms only: jobs that people try out in a folder of their own have tests of their own. */
const folders = [...rooms.map(({ folder }) => folder), "cli", "scripts"].join();

/** Tests against real servers, which stand beside the code or in test/ as those without. */
const SERVERS = "**/*.servers.test.ts";

/** Operators against naive models over random rows: of how many seeds, COUNTERCHECK_ALGEBRA_SEEDS says. */
const PROPERTIES = "**/*.property.test.ts";

/** A cluster of Flink takes the whole of a small machine: one test at a time. */
const flink = {
  include: ["test/flink/**/*.test.ts"],
  fileParallelism: false,
  maxWorkers: 1,
  testTimeout: 10 * 60_000,
  hookTimeout: 10 * 60_000,
};

/** They end what hangs, and nothing else: a machine that others use too may be slow for minutes. */
const limits = { testTimeout: 5 * 60_000, hookTimeout: 5 * 60_000 };

/**
 * Eight projects: `unit` stands beside the code, `integration` lives in test/, bench/ and docs/, with random tests from beside the code that
 * take a while, `servers` has the real servers running, `flink` runs jobs on clusters of Flink, `flink-in-brief` the same
 * with fewer of its cases, `faults` kills servers and members of clusters in long runs, `simulation` runs simulated jobs
 * and looks whether they show bugs that are put in, and `seeds` are the long runs: many seeds, and the random tests of the
 * others with many more rounds. Types are tested by `*.test-d.ts` files, which tsc checks with everything else.
 */
export default defineConfig({
  test: {
    pool: "threads",
    // What is waited for comes at once, or late on a machine that others use too; how late says nothing.
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [`{${folders}}/**/*.test.ts`],
          exclude: [SERVERS, PROPERTIES],
          ...limits,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["{bench,docs,test}/**/*.test.ts", `{${folders}}/${PROPERTIES}`],
          exclude: [SERVERS, "test/seeds/**", "test/faults/**", "test/flink/**", "test/simulation/mutants.test.ts"],
          env: { COUNTERCHECK_ALGEBRA_SEEDS: "500" },
          ...limits,
        },
      },
      {
        extends: true,
        test: {
          name: "servers",
          include: [`{${folders},test}/${SERVERS}`],
          globalSetup: "test/servers/global-setup.ts",
          // The servers are shared, and two cores hold no more than them and one test.
          fileParallelism: false,
          maxWorkers: 1,
          ...limits,
        },
      },
      {
        extends: true,
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          globalSetup: "test/servers/expect-servers.ts",
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 30 * 60_000,
          hookTimeout: 10 * 60_000,
        },
      },
      {
        extends: true,
        test: { name: "flink", ...flink },
      },
      {
        extends: true,
        test: { name: "flink-in-brief", ...flink, env: { COUNTERCHECK_CONFORMANCE: "brief" } },
      },
      {
        extends: true,
        test: {
          name: "simulation",
          include: ["test/simulation/*.test.ts"],
          env: { COUNTERCHECK_SIMULATIONS: "2000" },
          testTimeout: 20 * 60_000,
          maxConcurrency: 2,
        },
      },
      {
        extends: true,
        test: {
          name: "seeds",
          include: [
            "test/seeds/**/*.test.ts",
            "schemas/avro-triples.test.ts",
            "cli/outputs.test.ts",
            "test/semantics/judgement-oracle.test.ts",
            "test/survive/kills.test.ts",
            "test/algebra/kills.test.ts",
            `{${folders}}/${PROPERTIES}`,
          ],
          env: {
            COUNTERCHECK_ALGEBRA_KILLS: "100",
            COUNTERCHECK_ALGEBRA_SEEDS: "10000",
            COUNTERCHECK_TRIPLES: "100000",
            COUNTERCHECK_ORACLE_RUNS: "50000",
            COUNTERCHECK_KILL_POINTS: "all",
            COUNTERCHECK_KILLS: "50",
          },
          testTimeout: 30 * 60_000,
        },
      },
    ],
  },
});
