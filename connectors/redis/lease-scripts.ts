/**
 * What is done about a lease at the server, each as one step. KEYS: who holds it, and the last token that was given.
 *
 * A token is the server's time in ms, or the one before plus one if that is more: it rises with every holder, and a server
 * that has lost its data gives no token that it gave before, unless its clock went back too.
 */
export const leaseScripts = {
  /**
   * ARGV: owner, ms. Gives [token, "", 0], or [0, holder, ms to wait]. A server that has been started less than a lease
   * ago may have forgotten a holder who still relies on it, so it gives a lease to nobody but the one it knows.
   */
  take: `
    local holder = redis.call('GET', KEYS[1])
    if holder == ARGV[1] then
      redis.call('PEXPIRE', KEYS[1], ARGV[2])
      return {redis.call('GET', KEYS[2]), '', 0}
    end
    if holder then return {'0', holder, redis.call('PTTL', KEYS[1])} end
    local up = string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')
    local young = tonumber(ARGV[2]) - tonumber(up) * 1000
    if young > 0 then return {'0', '', young} end
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    local token = string.format('%.0f', math.max(now, tonumber(redis.call('GET', KEYS[2]) or '0') + 1))
    redis.call('SET', KEYS[2], token)
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return {token, '', 0}`,

  /**
   * ARGV: owner, ms, token. 1: it is held for so long again; 0: it is lost. A server that no longer knows any holder is
   * told again, unless it has given a newer token meanwhile.
   */
  renew: `
    local holder = redis.call('GET', KEYS[1])
    if holder and holder ~= ARGV[1] then return 0 end
    if not holder and tonumber(redis.call('GET', KEYS[2]) or '0') > tonumber(ARGV[3]) then return 0 end
    redis.call('SET', KEYS[2], ARGV[3])
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return 1`,

  /** ARGV: owner. */
  release: `
    if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
    return 0`,
} as const;

/** The keys of a lease; one slot of a cluster. */
export function leaseKeys(name: string): string[] {
  return [`{${name}}:holder`, `{${name}}:token`];
}
