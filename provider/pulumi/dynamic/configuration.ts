/** What the stack configuration may hold, in the project's namespace `session-logoff`. */
export const configurationNames = ["user", "password", "privateKey", "passphrase", "knownHosts"] as const;
