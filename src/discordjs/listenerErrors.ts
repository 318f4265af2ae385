/**
 * Calls a bot's listeners. An error becomes an unhandled rejection, as under the gateway of discord.js: the process ends, or
 * its error tracker reports it. The shards log an error of a listener and go on, so it must not reach them.
 */
export function callListeners(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    void Promise.reject(error as Error);
  }
}
