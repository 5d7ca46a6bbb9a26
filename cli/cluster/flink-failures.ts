import { messageOf } from "../../base/errors.ts";
import { rootCauseOf } from "./root-cause.ts";

/** Why a request was refused: Flink gives messages, some of them with the stack of the server. */
export function refusalIn(status: number, body: Buffer): string {
  if (status === 401) return "401: who asks is not known. Name the user and the password in `cluster.auth`";
  return `${status}${said(body)}`;
}

/** What an answer that is no success says, behind a colon; nothing where it says nothing. */
export function said(body: Buffer): string {
  const texts = errorsIn(body) ?? [
    body
      .toString()
      .replace(/<[^>]*>/g, " ")
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, 200),
  ];
  const messages = texts.map((text) => rootCauseOf(text).message.replace(/\.$/, ""));
  const telling = messages.filter((text) => text !== "" && !/^Internal server error/i.test(text));
  return telling.length === 0 ? "" : `: ${telling.join("; ")}`;
}

/** True for a refusal that is not in Flink's form, and not of a proxy that asks who is there. */
export function isOfAnother(status: number, body: Buffer): boolean {
  return !OF_PROXIES.has(status) && errorsIn(body) === undefined;
}

/** Why there was no answer, in one line. */
export function connectionFailure(error: unknown): string {
  const code = codeOf(error);
  if (NO_TLS.test(code))
    return "what listens there does not speak TLS; if the address is right, it begins with http:// and not with https://";
  if (NO_HTTP.test(code))
    return "what listens there does not speak HTTP; if the address is right, it begins with https:// and not with http://";
  return messageOf(error).replace(/\s+/g, " ").trim() || code;
}

/** True for what is the same a moment later. */
export function isLasting(error: unknown): boolean {
  const code = codeOf(error);
  return [NO_TLS, NO_HTTP, OF_CERTIFICATES].some((form) => form.test(code)) || code === "ENOTFOUND";
}

const NO_TLS = /^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL))$/;
const NO_HTTP = /^HPE_/;
const OF_CERTIFICATES =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET|VERIFY))/;
const OF_PROXIES: ReadonlySet<number> = new Set([401, 403, 407, 413]);

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}

/** Undefined where an answer is not as Flink's are. */
function errorsIn(body: Buffer): string[] | undefined {
  try {
    const { errors } = JSON.parse(body.toString()) as { errors?: unknown };
    return Array.isArray(errors) ? errors.filter((error) => typeof error === "string") : undefined;
  } catch {
    return undefined;
  }
}
