/**
 * The executable of another major version of Node, from the npm package that holds it for this platform; kept in the user's
 * cache, whole or not at all.
 *
 * @throws Error when it cannot be fetched
 */
export function ensureNode(
  major: number,
  options?: { readonly env?: NodeJS.ProcessEnv; readonly log?: (line: string) => void },
): Promise<string>;
