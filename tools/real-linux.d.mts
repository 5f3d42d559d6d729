export function prepareRealLinux(options?: {
  readonly env?: NodeJS.ProcessEnv;
  readonly log?: (line: string) => void;
}): { readonly folder: string } | { readonly unavailable: string };
