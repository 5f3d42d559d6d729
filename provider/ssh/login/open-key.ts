import { createPrivateKey, type KeyObject } from "node:crypto";
import { utils, type ParsedKey } from "ssh2";
import { printable } from "../../base/text";
import { openSshKeyHeader, type OpenSshKeyHeader } from "./openssh-key";

/** A private key, or why it cannot be used, as a clause whose subject is the key. */
export type OpenResult =
  { readonly key: KeyObject; readonly wrong?: never } | { readonly wrong: string; readonly key?: never };

// More rounds take minutes, longer than any deadline, and the command could not exit until they finish.
const mostBcryptRounds = 10_000;
const mostPbkdf2Rounds = 10_000_000;

const damaged = "it is damaged or of an unsupported type";
const mismatch = "its passphrase is wrong, or the key is damaged";
const supported = "use an RSA, ECDSA or Ed25519 key";

/** Why a repaired key cannot be opened, or whether opening it takes a passphrase. Does not open the key. */
export function judgeKey(
  text: string,
  passphrase: string | undefined,
): { readonly wrong: string } | { readonly isEncrypted: boolean } {
  const header = openSshKeyHeader(text);
  const wrong = header === undefined ? whyNotOpened(text) : whyNotUsed(header);
  if (wrong !== undefined) return { wrong };
  // Node reports a missing passphrase differently for each type of key; the formats show it in plain text.
  const isEncrypted =
    header === undefined ? /ENCRYPTED|^Encryption: (?!none)/mu.test(text) : header.cipher !== "none";
  if (isEncrypted && passphrase === undefined) return { wrong: "it is encrypted; give its passphrase" };
  return { isEncrypted };
}

function whyNotUsed({ type, rounds }: OpenSshKeyHeader): string | undefined {
  if (type.startsWith("sk-"))
    return `it is a FIDO key (${printable(type, 64)}), which cannot sign without its hardware; ${supported}`;
  if (!/^(?:ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521))$/u.test(type))
    return `its type, ${printable(type, 64)}, is not supported; ${supported}`;
  return rounds > mostBcryptRounds ? tooManyRounds(rounds, "ssh-keygen -p -a 16 -f FILE") : undefined;
}

function whyNotOpened(text: string): string | undefined {
  if (text.startsWith("PuTTY-User-Key-File-3"))
    return "it is in version 3 of PuTTY's format; export it as an OpenSSH key (puttygen FILE -O private-openssh)";
  if (text.startsWith("-----BEGIN OPENSSH")) return damaged;
  const rounds = pbkdf2Rounds(text);
  return rounds > mostPbkdf2Rounds ? tooManyRounds(rounds, "openssl pkcs8 -topk8 -iter 100000") : undefined;
}

function tooManyRounds(rounds: number, command: string): string {
  return `its passphrase needs ${rounds} rounds, which take too long; encrypt it again with fewer (${command})`;
}

/** The iterations of PBKDF2 in an encrypted PKCS#8 key: the number after its object identifier and the salt (RFC 8018 A.2). */
function pbkdf2Rounds(text: string): number {
  const body = /^-----BEGIN ENCRYPTED PRIVATE KEY-----([^-]*)-----END/u.exec(text)?.[1];
  const bytes = Buffer.from(body ?? "", "base64");
  const identifier = Buffer.from("06092a864886f70d01050c30", "hex");
  const found = bytes.indexOf(identifier);
  if (found < 0) return 0;
  const salt = found + identifier.length + 1;
  const count = salt + 2 + (bytes[salt + 1] ?? 0);
  const length = bytes[count + 1] ?? 0;
  if (bytes[count] !== 2 || length > 6 || count + 2 + length > bytes.length) return 0;
  return bytes.readUIntBE(count + 2, length);
}

/** Opens a repaired key. Takes seconds for an encrypted key with many rounds. */
export function openKey(text: string, passphrase: string | undefined): OpenResult {
  return /^(?:-----BEGIN OPENSSH|PuTTY-)/u.test(text)
    ? openBySsh2(text, passphrase)
    : openByNode(text, passphrase);
}

function openBySsh2(text: string, passphrase: string | undefined): OpenResult {
  const isEncrypted = openSshKeyHeader(text)?.cipher !== "none";
  const parsed = utils.parseKey(text, passphrase);
  if (parsed instanceof Error) {
    if (passphrase === undefined || !isEncrypted) return { wrong: damaged };
    // ssh2's message is fixed in its source and the same in every language; it decides only which hint is shown.
    return { wrong: /unsupported/iu.test(parsed.message) ? "its encryption is not supported" : mismatch };
  }
  // The format allows several keys in a file; OpenSSH never writes more than one.
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey;
  if (!key.isPrivateKey()) return { wrong: "it contains no private key" };
  try {
    return { key: createPrivateKey(key.getPrivatePEM()) };
  } catch {
    return { wrong: damaged };
  }
}

function openByNode(text: string, passphrase: string | undefined): OpenResult {
  try {
    return { key: createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) }) };
  } catch (thrown) {
    if (!text.includes("ENCRYPTED")) return { wrong: damaged };
    // Almost all wrong passphrases fail with this error; one in a few hundred does not.
    const isPadding = (thrown as NodeJS.ErrnoException).code === "ERR_OSSL_BAD_DECRYPT";
    return {
      wrong: isPadding ? mismatch : "its passphrase is wrong, or it is damaged or of an unsupported type",
    };
  }
}
