import { isAbsolute, join, resolve } from "node:path";

/** Where relative paths and `~` start. */
export interface PathContext {
  readonly baseFolder: string;
  readonly home: string;
}

/** An absolute path: `~` and `~/…` are the home, what is relative starts at the base folder. */
export function resolvePath(context: PathContext, path: string): string {
  if (path === "~") return context.home;
  if (path.startsWith("~/") || path.startsWith("~\\")) return join(context.home, path.slice(2));
  return isAbsolute(path) ? path : resolve(context.baseFolder, path);
}
