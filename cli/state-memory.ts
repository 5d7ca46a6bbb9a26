/** How the memory for state is shared out: to the log with its index, and to decoded records. The rest is the timers'. */
export const STORE_SHARE = 0.6;
export const CACHE_SHARE = 0.2;
