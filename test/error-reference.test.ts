import { expect, it } from "vitest";
import { errorCatalogue } from "../base/error-catalogue.ts";

const FAULTS = { user: "the user's input", external: "something outside", bug: "a defect of this project" };

/** `npx vitest run test/error-reference.test.ts --update` writes the page anew. */
it("docs/reference/errors.md is what the catalogue says", async () => {
  const rows = Object.entries(errorCatalogue).map(([code, { fault, retryable, message }]) => {
    const text = message.replaceAll("|", "\\|");
    return `| \`${code}\` | ${FAULTS[fault]} | ${retryable ? "yes" : "no"} | ${text} |`;
  });
  const page = [
    "# Errors",
    "",
    "Every error that can be met, by its code. `{name}` is filled in. A command prints it as `error CODE: message`; bad records",
    "carry the code in the dead letters, engine alerts in their id.",
    "",
    "| code | whose fault | can a retry help | what it says |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
  await expect(page).toMatchFileSnapshot("../docs/reference/errors.md");
});
