/** What can be said of the text of a ProxyCommand without a host. Pure. */

/** Whether the text says that no command is used, as in ssh_config. */
export function isNoCommand(command: string): boolean {
  return command.trim().toLowerCase() === "none";
}

/**
 * The first `%` of a command that begins none of the tokens `%h %n %p %r %%`, with the letter after it; without what follows where that is no
 * letter, since it may be part of a secret. Undefined: all are known.
 */
export function unknownToken(command: string): string | undefined {
  for (const [token, letter = ""] of command.matchAll(/%(.?)/gsu)) {
    if (letter === "" || !["h", "n", "p", "r", "%"].includes(letter))
      return /[a-z]/iu.test(letter) ? token : "%";
  }
  return undefined;
}
