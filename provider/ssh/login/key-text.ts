/**
 * Repairs the text of a private key. Pipeline variables, forms, shells and YAML change line ends, indentation and quotes, but
 * nothing that a key needs: base64 contains neither spaces nor backslashes, so they can only come from such a change.
 */

/** The repaired text, or why it is not a private key. The reason never quotes the text. */
export type KeyText = { readonly text: string } | { readonly wrong: string };

/** The first private key in a text, in PEM with one line break per line, or in PuTTY's format. */
export function keyText(given: string): KeyText {
  // Also removes a byte order mark.
  const text = given.trim();
  if (/^["'`]?\s*PuTTY-User-Key-File-/u.test(text)) return { text: puttyText(text) };
  const plain = text.replace(/\\{1,8}(?:r\\{1,8}n|n|r)/gu, "\n").replace(/\\{1,8}\//gu, "/");
  const [begin, label = ""] = /-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY)-----/u.exec(plain) ?? [];
  if (begin === undefined) return { wrong: whyNoKey(text) };
  const start = plain.indexOf(begin) + begin.length;
  const end = plain.indexOf(`-----END ${label}-----`, start);
  if (end < 0) return { wrong: "it is damaged: its END line is missing, so only part of it was given" };
  return pem(label, plain.slice(start, end));
}

function whyNoKey(text: string): string {
  if (/^(?:ssh-|ecdsa-|sk-)/u.test(text)) return "it is a public key";
  if (text.startsWith("LS0tLS1CRUdJTi")) return "it is a private key encoded in base64; decode it first";
  // The beginning of OpenSSH's format in base64.
  if (text.startsWith("b3BlbnNzaC1rZXktdjE")) return "its BEGIN and END lines are missing";
  if (/-----BEGIN(?:%20|\+)/u.test(text)) return urlEncoded;
  return "it is not a private key in OpenSSH or PEM format";
}

const urlEncoded = "it is URL-encoded; decode it first";

/** The two header lines of an encrypted key in the format before PKCS#8. */
const encryptedHeader = /^\s*Proc-Type: ?4,ENCRYPTED\s+DEK-Info: ?([A-Za-z0-9-]{1,40},[0-9A-Fa-f]{8,64})\s+/u;

function pem(label: string, body: string): KeyText {
  const [header = "", encryption] = encryptedHeader.exec(body) ?? [];
  const base64 = body.slice(header.length).replace(/\s+/gu, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(base64)) return { wrong: whyNotBase64(base64) };
  if (base64.length % 4 !== 0)
    return { wrong: "it is damaged: characters are missing, such as a + that became a space" };
  const headers = encryption === undefined ? [] : ["Proc-Type: 4,ENCRYPTED", `DEK-Info: ${encryption}`, ""];
  const lines = base64.match(/.{1,64}/gu) ?? [];
  return {
    text: [`-----BEGIN ${label}-----`, ...headers, ...lines, `-----END ${label}-----`, ""].join("\n"),
  };
}

function whyNotBase64(text: string): string {
  if (text === "") return "it is damaged: there is nothing between its BEGIN and END lines";
  if (/%(?:0A|0D|20|2B|2F|3D)/iu.test(text)) return urlEncoded;
  if (text.includes("*")) return "parts of it are masked with *";
  return "it is damaged: it contains characters that are not base64";
}

/** Repairs a key in PuTTY's format. Its lines may contain any text, so only the text around them is repaired. */
function puttyText(text: string): string {
  const quote = /^["'`]/u.exec(text)?.[0];
  const inner = quote === undefined ? text : text.slice(1).replace(new RegExp(`${quote}$`, "u"), "");
  const lines = inner.includes("\n") ? inner.split("\n") : inner.split(/\\r\\n|\\n/u);
  return `${lines.map((line) => line.trim()).join("\n")}\n`;
}
