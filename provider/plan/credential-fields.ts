// Made by `npm run generate`.

/** The fields that hold a credential. */
export const credentialFields: readonly string[] = ["privateKey", "passphrase", "password", "proxyCommand"];
