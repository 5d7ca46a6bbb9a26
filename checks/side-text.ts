import type { RuleLeg } from "./rule.ts";

/** A side of a rule as people write it: `captured - refunded`. */
export function sideText(legs: readonly RuleLeg[], side: RuleLeg["side"]): string {
  return legs
    .filter((leg) => leg.side === side)
    .map((leg, index) => (leg.sign === 1 ? (index === 0 ? leg.name : `+ ${leg.name}`) : `- ${leg.name}`))
    .join(" ");
}
