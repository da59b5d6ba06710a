// Modules that are fetched when they are wanted, and again if they did not come.

/**
 * A function that fetches a module. A browser may remember that a module did not come, so each new
 * attempt has another address.
 * @param {function(string): Promise} load - Imports the module with this query in its address.
 */
export function retried(load) {
  let failures = 0;
  return async () => {
    try {
      return await load(failures ? `?again=${failures}` : '');
    } catch (error) {
      failures += 1;
      throw error;
    }
  };
}
