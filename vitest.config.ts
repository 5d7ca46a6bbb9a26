import { defineConfig } from "vitest/config";

/**
 * Three projects: `unit` stands beside the code, `integration` lives in test/, and `seeds` are the long runs over many
 * seeds. Types are tested by `*.test-d.ts` files, which tsc checks with everything else.
 */
export default defineConfig({
  test: {
    pool: "threads",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: ["**/node_modules/**", "test/**"],
          testTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: { name: "integration", include: ["test/**/*.test.ts"], exclude: ["test/seeds/**"], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: "seeds", include: ["test/seeds/**/*.test.ts"], testTimeout: 30 * 60_000 },
      },
    ],
  },
});
