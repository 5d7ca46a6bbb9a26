import { expect, it } from "vitest";
import { examineDatabase } from "./examine.ts";

it.each(["mariadb", "postgresql"] as const)(
  "says what is wrong with a password that is not escaped (%s)",
  async (kind) => {
    for (const login of ["ada:100%secret", "100%ada:secret"]) {
      const found = await examineDatabase({ name: "shop", kind }, `db://${login}@127.0.0.1:1/x`, { tables: [] });
      expect(found).toMatchObject([{ code: "DATABASE_UNREACHABLE", says: expect.stringContaining("write it as %25") }]);
      expect(JSON.stringify(found)).not.toContain("secret");
    }
  },
);

it.each(["mariadb", "postgresql"] as const)("shows no password of a server that is not there (%s)", async (kind) => {
  const source = { name: "shop", kind };
  const found = await examineDatabase(source, `${kind}://ada:100%25secret@127.0.0.1:1/x`, { tables: [] });
  expect(found).toMatchObject([{ code: "DATABASE_UNREACHABLE", says: expect.stringContaining("127.0.0.1:1") }]);
  expect(JSON.stringify(found)).not.toContain("secret");
});
