/** The keys of the stack configuration, in the namespace `session-logoff`. */
export const configurationNames = ["user", "password", "privateKey", "passphrase", "knownHosts"] as const;
