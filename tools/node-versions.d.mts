/**
 * Returns the executable of another major version of Node, from the npm package for this platform. It is kept in the user's
 * cache, and written there atomically.
 *
 * @throws Error if it cannot be fetched
 */
export function ensureNode(
  major: number,
  options?: { readonly env?: NodeJS.ProcessEnv; readonly log?: (line: string) => void },
): Promise<string>;
