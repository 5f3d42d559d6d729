/** The shortest word that is kept out of messages; shorter ones occur everywhere. */
const shortest = 4;

/**
 * The words of a ProxyCommand, any of which may be a credential, and the values of the variables that it names. Programs repeat their
 * arguments when they fail, so these must be redacted from what they say. Names of long options are no secret. Pure.
 */
export function secretWords(command: string, env: NodeJS.ProcessEnv): readonly string[] {
  // As the program gets it.
  const text = command.replace(/%([%hnpr])/gu, (_token, letter) => (letter === "%" ? "%" : " "));
  const variables = [...text.matchAll(/\$\{?([A-Za-z_]\w*)|%([^%\s]+)%/gu)].map(
    ([, name, ofWindows]) => env[name ?? ofWindows ?? ""] ?? "",
  );
  const words = text.split(/\s+/u);
  // A word may be an address with a password in it, or a quoted text with another word next to it.
  const parts = [/[\s'"]+/u, /[\s'"`=,;|&<>(){}$\\]+/u, /[\s'"`=,;|&<>(){}$\\:@/]+/u].flatMap((separators) =>
    text.split(separators),
  );
  const secrets = [...variables, ...words, ...parts].filter(
    (word) => word.length >= shortest && !/^--[a-z][a-z-]*=?$/iu.test(word),
  );
  return [...new Set([command, ...secrets])];
}
