import { z } from "zod";
import { parametersOf } from "../../connectors/reread/sql.ts";
import { isInTheClear } from "../clear-text.ts";
import { durationShape, parseDuration } from "../duration.ts";
import { SECRET_REFERENCE } from "../secrets.ts";

/** How the source of truth is asked about the alerts of one check. Times in ms. */
export interface RereadConfig {
  readonly check: string;
  /** For so long an alert that is not confirmed is held back. */
  readonly patienceMs: number;
  /** For one answer. */
  readonly timeoutMs: number;
  /** What is asked: the totals of either side, or whether something is wrong. */
  readonly questions: Readonly<Partial<Record<QuestionName, Question>>>;
}

type QuestionName = "actual" | "expected" | "wrong";

/** A question to a database of `sources`, or to an address. */
export type Question =
  | { readonly sql: { readonly source: string; readonly query: string } }
  | { readonly http: HttpQuestion };

/** A question by HTTP; what is secret is a reference. */
export interface HttpQuestion {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const MOST_TIMEOUT_MS = parseDuration("30s")!;

const sqlShape = z.strictObject({
  source: z.string().min(1, "expected a source of `sources` that has `database`"),
  query: z
    .string()
    .refine((query) => parametersOf(query) > 0, "expected a query that asks for the key, as $1")
    .refine((query) => /^\s*(?:select|with)\b/i.test(query), "expected a SELECT"),
});

const httpShape = z
  .strictObject({
    url: z
      .string()
      .refine(
        (url) => SECRET_REFERENCE.test(url) || (URL.canParse(url) && /^https?:/.test(url)),
        "expected a URL that begins with https://",
      )
      .refine(
        (url) => SECRET_REFERENCE.test(url) || !URL.canParse(url) || !isInTheClear(url),
        "everyone on the way could read it; expected https://",
      ),
    method: z.enum(["GET", "POST"]).default("GET"),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.json().optional(),
  })
  .refine(({ method, body }) => method === "POST" || body === undefined, {
    path: ["body"],
    message: "only POST has one",
  });

const questionShape = z.union([z.strictObject({ sql: sqlShape }), z.strictObject({ http: httpShape })], {
  error: "expected `sql` with `source` and `query`, or `http` with `url`",
});

/** What `reread` may hold: checks by their uids. */
export const rereadShape = z.record(
  z.string(),
  z
    .strictObject({
      patience: durationShape.default(parseDuration("5m")!),
      timeout: durationShape
        .refine((ms) => ms > 0 && ms <= MOST_TIMEOUT_MS, "expected a time of up to 30s")
        .default(parseDuration("5s")!),
      actual: questionShape.optional(),
      expected: questionShape.optional(),
      wrong: questionShape.optional(),
    })
    .refine(
      ({ actual, expected, wrong }) => (wrong === undefined) !== (actual === undefined && expected === undefined),
      "expected either `wrong`, or `actual` or `expected` or both",
    ),
);

/** What the shape was read from. */
export function rereadConfigsOf(reread: z.infer<typeof rereadShape>): RereadConfig[] {
  return Object.entries(reread).map(([check, { patience, timeout, ...questions }]) => ({
    check,
    patienceMs: patience,
    timeoutMs: timeout,
    questions: questions as RereadConfig["questions"],
  }));
}
