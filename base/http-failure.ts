import { messageOf } from "./errors.ts";

/** Why a request over HTTP had no answer, in one line. What lies behind it is said too, as `fetch` says nothing by itself. */
export function httpFailure(error: unknown): string {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  const said = cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
  if (/wrong version number/.test(said)) return "it does not speak https there; try http";
  return said.trim() || String((error as NodeJS.ErrnoException).code);
}
