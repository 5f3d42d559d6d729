/** Reads the files of IdentityFile: private keys, and public keys, which select keys of an agent. */
import { access } from "node:fs/promises";
import { LogoffError } from "../../base/errors";
import type { Secret } from "../../connection";
import { readTextFile } from "../../files/read-text-file";
import { parsePublicKey } from "../host-keys/public-key";
import type { PrivateKey } from "./private-key";

/** The content of an identity file. */
export interface Identity {
  readonly key?: PrivateKey;
  /** The public half, which identifies the same key in an agent. */
  readonly blob?: Buffer;
  /** Why there is no key, if that is worth reporting. */
  readonly note?: string;
}

/** No public key is longer. */
const maxPublicBytes = 64 * 1024;

/**
 * Reads the key of an optional file: a file that is missing or cannot be opened is skipped. The public half is that of the private
 * key, or the file itself if it contains a public key, or that in `FILE.pub`.
 */
export async function readIdentity(
  path: string,
  open: (secret: Secret) => Promise<PrivateKey>,
): Promise<Identity> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (!there) return withBlob(await publicKeyIn(`${path}.pub`));
  try {
    const key = await open({ from: "file", path });
    return { key, blob: key.blob };
  } catch (thrown) {
    if (!(thrown instanceof LogoffError)) throw thrown;
    const own = await publicKeyIn(path);
    if (own !== undefined) return withBlob(own);
    return { note: thrown.message, ...withBlob(await publicKeyIn(`${path}.pub`)) };
  }
}

function withBlob(blob: Buffer | undefined): Identity {
  return blob === undefined ? {} : { blob };
}

/** The first public key in a file with lines of the form `TYPE BASE64 COMMENT`. Other users may be able to read the file. */
async function publicKeyIn(path: string): Promise<Buffer | undefined> {
  try {
    const text = await readTextFile(path, () => undefined, maxPublicBytes);
    const keys = text.split("\n").map((line) => {
      const [type = "", base64 = ""] = line.trim().split(/[ \t]+/u);
      return parsePublicKey(type, base64)?.blob;
    });
    return keys.find((blob) => blob !== undefined);
  } catch {
    return undefined;
  }
}
