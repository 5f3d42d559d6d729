// Made by `npm run generate`.

/** Connection settings from the stack configuration, used where neither the host nor the resource sets a value. */
export interface ConnectionDefaults {
  /** Login name. */
  readonly user?: string;
  /** Password. */
  readonly password?: string;
  /** Text of a private key. */
  readonly privateKey?: string;
  /** Passphrase of the private key. */
  readonly passphrase?: string;
  /** Text of a known_hosts file. */
  readonly knownHosts?: string;
}
