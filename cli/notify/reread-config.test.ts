import { expect, it } from "vitest";
import { rereadShape } from "./reread-config.ts";

it.each(["not a URL", "ftp://bank.example/{1}", "http://bank.example/{1}"])("refuses the address %j", (url) => {
  const { error } = rereadShape.safeParse({ "payment-settlement": { wrong: { http: { url } } } });
  expect(error?.issues[0]?.path.slice(0, 2)).toEqual(["payment-settlement", "wrong"]);
});
