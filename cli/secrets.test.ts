import { afterEach, expect, it } from "vitest";
import { masked, secretOf } from "./secrets.ts";

afterEach(() => {
  delete process.env.SECRET_OF_TEST;
});

it.each([
  ["only-a-word", "login with only-a-word failed", "login with *** failed"],
  ["postgres://me:p%40ss-1@there/ledger", "p@ss-1 and p%40ss-1 of there/ledger", "*** and *** of there/ledger"],
  ["https://hooks.example.com/T0/B0/token?k=v", "404: Cannot POST /T0/B0/token?k=v", "404: Cannot POST ***"],
  ["https://example.com/", "a/b", "a/b"],
  ["redis://:100%@here:6379/0", "db /0 with 100%", "db /0 with ***"],
])("a secret, and what of an address is secret by itself, is in no message: %s", (secret, text, safe) => {
  process.env.SECRET_OF_TEST = secret;
  expect(secretOf("$" + "{env:SECRET_OF_TEST}", "a test")).toBe(secret);
  expect(masked(text)).toBe(safe);
});
