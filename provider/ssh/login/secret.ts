import type { Stats } from "node:fs";
import { LogoffError } from "../../base/errors";
import { ShortCache } from "../../files/short-cache";
import type { Secret } from "../../connection";
import { resolvePath } from "../../files/paths";
import { readTextFile, whyUnreadable } from "../../files/read-text-file";
import type { SshContext } from "../options";

/** No key or password is longer; a longer file was given by mistake. */
const maxSecretBytes = 256 * 1024;

/**
 * Where a secret comes from, without any part of it. The name of a variable is omitted, because `--password-env "$PASSWORD"`
 * makes the password that name.
 */
export function secretSource(secret: Secret): string {
  switch (secret.from) {
    case "value":
      return "given by value";
    case "file":
      return `file "${secret.path}"`;
    case "env":
      return "environment variable";
  }
}

/**
 * The text of a secret, without the final line break of a file.
 * @param what names the secret in errors, such as `private key`
 * @throws LogoffError `auth-unavailable` if the variable is not set, or the file is missing, unreadable or readable by other users
 */
export async function readSecret(secret: Secret, what: string, context: SshContext): Promise<string> {
  switch (secret.from) {
    case "value":
      return secret.value;
    case "env": {
      const value = context.env[secret.name];
      if (value !== undefined && value !== "") return value;
      throw unusable(
        what,
        secret,
        `set the variable that ${what}Env (--${what}-env) names; it is not set or empty`,
      );
    }
    case "file":
      return (await readPrivateFile(secret, what, context)).replace(/\r?\n$/u, "");
  }
}

/** {@link readSecret} for one process. */
export type ReadSecret = (secret: Secret, what: string) => Promise<string>;

/** Reads like {@link readSecret}, but each file at most once a second. Failures are not cached. */
export function secretReader(context: SshContext): ReadSecret {
  const files = new ShortCache<string>(context.clock);
  return (secret, what) => {
    const read = (): Promise<string> => readSecret(secret, what, context);
    return secret.from === "file" ? files.get(`${what} ${secret.path}`, read) : read();
  };
}

/** The error for a named credential that cannot be used. */
export function unusable(what: string, secret: Secret, reason: string): LogoffError {
  return new LogoffError("auth-unavailable", `Cannot use ${what} (${secretSource(secret)}): ${reason}`);
}

async function readPrivateFile(
  secret: Extract<Secret, { from: "file" }>,
  what: string,
  context: SshContext,
): Promise<string> {
  const path = resolvePath(context, secret.path);
  const check = ({ mode, uid, size }: Stats): void => {
    // Like OpenSSH's sshkey_perm_ok, reject only files of our own user; Windows has no such bits.
    if (context.platform !== "win32" && uid === process.getuid?.() && (mode & 0o077) !== 0)
      throw unusable(
        what,
        secret,
        `other users can read it (mode ${(mode & 0o777).toString(8)}); run chmod 600 "${path}"`,
      );
    if (size > maxSecretBytes) throw unusable(what, secret, `it is too large to be a ${what}`);
  };
  try {
    return await readTextFile(path, check, maxSecretBytes);
  } catch (thrown) {
    if (thrown instanceof LogoffError) throw thrown;
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT")
      throw unusable(what, secret, `no such file: "${path}"`);
    const instead =
      what === "private key" ? "an agent" : `an environment variable (\`connection.${what}Env\`)`;
    throw unusable(what, secret, `it ${whyUnreadable(thrown, ` or ${instead}`)}`);
  }
}
