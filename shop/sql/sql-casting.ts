import type { Random } from "../../base/random.ts";
import { type SqlFaultName, sqlFaults } from "./sql-faults.ts";
import { type SqlLookAlikeName, sqlLookAlikes, writingRefunds } from "./sql-look-alikes.ts";

/** What an order is made to do. */
export type SqlRole = SqlFaultName | SqlLookAlikeName | "usual";

/**
 * Deals so many roles in order of arrival: everything once before anything twice, usual orders between. Whoever writes
 * refunds comes in the first half.
 */
export function dealRoles(orders: number, random: Random, without: readonly SqlRole[]): SqlRole[] {
  const special = [...Object.keys(sqlFaults), ...Object.keys(sqlLookAlikes)] as SqlRole[];
  const wanted = special.filter((role) => !without.includes(role));
  const dealt: SqlRole[] = [];
  while (dealt.length < orders) {
    const usual = Array.from({ length: Math.ceil(wanted.length / 4) }, () => "usual" as const);
    dealt.push(...shuffled(wanted, random), ...usual);
  }
  const roles = shuffled(dealt.slice(0, orders), random);
  const early = roles.filter((role) => writingRefunds.includes(role));
  const late = roles.filter((role) => !writingRefunds.includes(role));
  const half = Math.max(Math.ceil(orders / 2), early.length);
  const first = shuffled([...early, ...late.splice(0, half - early.length)], random);
  return [...first, ...late];
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const pile = [...items];
  for (let i = pile.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [pile[i], pile[j]] = [pile[j]!, pile[i]!];
  }
  return pile;
}
