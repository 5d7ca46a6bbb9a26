import type { Status } from "./records.ts";
import type { StateReader, StateWriter } from "./state-bytes.ts";
import type { LayoutMapping } from "./state-layout.ts";
import type { CurrencyVerdict, KeyVerdicts } from "./verdict-log.ts";

/** Their places are what is written: new ones go to the end. */
const STATUSES: readonly (Status | null)[] = [null, "pass", "fail", "pending", "unobservable"];
/** Classes that are written as a number; others as text. */
const CLASSES: readonly (string | null)[] = [
  null,
  "unknown-payment",
  "currency-mismatch",
  "missing",
  "under-charge",
  "over-charge",
  "unknown-after-retention",
];

const OTHER_CLASS = 255;

/** Flags behind the three bits of the status: most verdicts pass, and have nothing but that. */
const HAS_CLASS = 8;
const WAS_TOLD = 16;
const HAS_BASELINE = 32;
const HAS_ALERT = 64;
const HAS_PERIOD = 128;
const HAS_WARNING = 256;
const IS_HELD_UP = 512;

/** Writes what was said of a key. */
export function writeVerdicts({ currencies }: KeyVerdicts, out: StateWriter): void {
  out.uint(currencies.length);
  for (const verdict of currencies) writeVerdict(verdict, out);
}

/** Reads what `writeVerdicts` wrote. */
export function readVerdicts(input: StateReader, mapping: LayoutMapping): KeyVerdicts {
  const currencies: CurrencyVerdict[] = [];
  for (let left = input.uint(); left > 0; left--) currencies.push(readVerdict(input, mapping));
  return { currencies };
}

function writeVerdict(verdict: CurrencyVerdict, out: StateWriter): void {
  const { class: cause, version, baseline, alert, warning, told, atRisk, opened } = verdict;
  const wasTold = version > 0 || told !== "" || atRisk !== "0" || opened.length > 0;
  out.currency(verdict.currency);
  out.uint(
    STATUSES.indexOf(verdict.status) |
      (cause === null ? 0 : HAS_CLASS) |
      (wasTold ? WAS_TOLD : 0) |
      (baseline === null ? 0 : HAS_BASELINE) |
      (alert === null ? 0 : HAS_ALERT) |
      (verdict.period === "" ? 0 : HAS_PERIOD) |
      (warning === null ? 0 : HAS_WARNING) |
      (verdict.isHeldUp ? IS_HELD_UP : 0),
  );
  if (verdict.period !== "") out.text(verdict.period);
  if (cause !== null) writeClass(cause, out);
  if (wasTold) {
    out.uint(version);
    out.text(told);
    out.text(atRisk);
    out.uint(opened.length);
    for (const known of opened) writeClass(known, out);
  }
  if (baseline !== null) {
    writeClass(baseline.class, out);
    out.amount(baseline.atRisk);
  }
  if (alert !== null) {
    writeClass(alert.class, out);
    out.time(alert.dueAt ?? Number.POSITIVE_INFINITY);
    out.uint(alert.repeats);
    out.byte(alert.told === told ? 1 : 0);
    if (alert.told !== told) out.text(alert.told);
  }
  if (warning !== null) {
    writeClass(warning.class, out);
    out.time(warning.dueAt ?? Number.POSITIVE_INFINITY);
  }
}

function readVerdict(input: StateReader, mapping: LayoutMapping): CurrencyVerdict {
  const currency = input.currency();
  const flags = input.uint();
  const status = STATUSES[flags & 7]!;
  const period = (flags & HAS_PERIOD) === 0 ? "" : input.text();
  const cause = (flags & HAS_CLASS) === 0 ? null : readClass(input);
  const verdict: CurrencyVerdict = {
    currency,
    period,
    version: 0,
    status,
    class: cause,
    isHeldUp: (flags & IS_HELD_UP) !== 0,
    told: "",
    baseline: null,
    atRisk: "0",
    alert: null,
    warning: null,
    opened: [],
  };
  if ((flags & WAS_TOLD) !== 0) {
    verdict.version = input.uint();
    verdict.told = toldBy(input.text(), mapping);
    verdict.atRisk = input.text();
    for (let left = input.uint(); left > 0; left--) verdict.opened.push(readClass(input));
  }
  if ((flags & HAS_BASELINE) !== 0) verdict.baseline = { class: readClass(input), atRisk: input.amount() };
  if ((flags & HAS_ALERT) !== 0) {
    const opened = readClass(input);
    const dueAt = input.time();
    const repeats = input.uint();
    const told = input.byte() === 1 ? verdict.told : toldBy(input.text(), mapping);
    verdict.alert = { class: opened, dueAt: dueAt === Number.POSITIVE_INFINITY ? null : dueAt, told, repeats };
  }
  if ((flags & HAS_WARNING) !== 0) {
    const ahead = readClass(input);
    const dueAt = input.time();
    verdict.warning = { class: ahead, dueAt: dueAt === Number.POSITIVE_INFINITY ? null : dueAt };
  }
  return verdict;
}

function writeClass(cause: string, out: StateWriter): void {
  const known = CLASSES.indexOf(cause);
  out.byte(known < 0 ? OTHER_CLASS : known);
  if (known < 0) out.sharedText(cause);
}

function readClass(input: StateReader): string {
  const known = input.byte();
  return known === OTHER_CLASS ? input.sharedText() : CLASSES[known]!;
}

/** What was told, with the totals of legs in their order now: a failure is `class/at risk/total of each leg`. */
function toldBy(told: string, { legs }: LayoutMapping): string {
  if (legs.every((now, written) => now === written)) return told;
  const [cause, atRisk, ...written] = told.split("/");
  if (atRisk === undefined) return told;
  const totals = [...written];
  for (const [index, now] of legs.entries()) totals[now] = written[index]!;
  return [cause, atRisk, ...totals].join("/");
}
