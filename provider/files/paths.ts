import { isAbsolute, join, resolve } from "node:path";

/** The folders at which relative paths and `~` start. */
export interface PathContext {
  readonly baseFolder: string;
  readonly home: string;
}

/** The absolute path: `~` stands for the home folder, and relative paths start at the base folder. */
export function resolvePath(context: PathContext, path: string): string {
  if (path === "~") return context.home;
  if (path.startsWith("~/") || path.startsWith("~\\")) return join(context.home, path.slice(2));
  return isAbsolute(path) ? path : resolve(context.baseFolder, path);
}
