/** What a private key in OpenSSH's own format (PROTOCOL.key) reveals without the passphrase. */
export interface OpenSshKeyHeader {
  /** `none` if the key is not encrypted. */
  readonly cipher: string;
  /** Number of bcrypt rounds for the passphrase; 0 if the key is not encrypted. */
  readonly rounds: number;
  /** The type of the public half. */
  readonly type: string;
  readonly publicBlob: Buffer;
}

const magic = "openssh-key-v1\0";

/** The header of a key in PEM; undefined for a key in another format or a damaged key. */
export function openSshKeyHeader(text: string): OpenSshKeyHeader | undefined {
  const body = /^-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/u.exec(text)?.[1];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, "base64");
  if (bytes.subarray(0, magic.length).toString("latin1") !== magic) return undefined;
  try {
    const cipher = fieldAt(bytes, magic.length);
    const kdf = fieldAt(bytes, cipher.end);
    const options = fieldAt(bytes, kdf.end);
    // The options are followed by the number of keys, which is always one.
    const key = fieldAt(bytes, options.end + 4);
    const isBcrypt = kdf.value.toString("latin1") === "bcrypt";
    return {
      cipher: cipher.value.toString("latin1"),
      rounds: isBcrypt ? options.value.readUInt32BE(fieldAt(options.value, 0).end) : 0,
      type: fieldAt(key.value, 0).value.toString("latin1"),
      publicBlob: key.value,
    };
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

/** @throws RangeError if the bytes end before the field does */
function fieldAt(bytes: Buffer, at: number): { readonly value: Buffer; readonly end: number } {
  const end = at + 4 + bytes.readUInt32BE(at);
  if (end > bytes.length) throw new RangeError("The field is truncated");
  return { value: bytes.subarray(at + 4, end), end };
}
