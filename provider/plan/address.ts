/** An address as written: `[user@]address[:port]`. */
export interface Address {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
}

/** Either the address or what would be right; the text itself is never quoted, since people put passwords there. */
export type AddressResult = { readonly address: Address } | { readonly wrong: string };

const form = "must be [user@]address[:port], IPv6 in brackets";
const hostName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62})?)*\.?$/iu;

/** The machine that `/server:` may name. */
export const serverName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/u;

/** Reads `[user@]address[:port]`. The last `@` ends the user, who may hold others; IPv6 stands in brackets. */
export function parseAddress(text: string): AddressResult {
  const at = text.lastIndexOf("@");
  const user = at < 0 ? undefined : text.slice(0, at);
  const place = text.slice(at + 1);
  if (user !== undefined) {
    if (user.includes(":"))
      return { wrong: `${form}, without a password: that belongs to connection.password` };
    if (!isUserName(user)) return { wrong: `${form}, with a user before the @` };
  }
  if (/^[a-z]+:\/\//iu.test(text)) return { wrong: `${form}, without a scheme such as ssh://` };
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([0-9]{1,5}))?$/u.exec(place);
  if (match === null) {
    const bare = /^[0-9a-f:.]+(?:%.*)?$/iu.test(place) && place.split(":").length > 2;
    return { wrong: bare ? `${form}: write the IPv6 address as [address] or [address]:port` : form };
  }
  const [, six, plain = "", digits] = match;
  const address = six === undefined ? plain : canonicalIpv6(six);
  if (address === undefined) return { wrong: `${form}: what stands in the brackets is no IPv6 address` };
  if (six === undefined && !isHostName(plain)) {
    return { wrong: `${form}, with a host name of letters, digits, dots and hyphens, or an IP address` };
  }
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65535)) {
    return { wrong: `${form}, with a port from 1 to 65535` };
  }
  return {
    address: { address, ...(port === undefined ? {} : { port }), ...(user === undefined ? {} : { user }) },
  };
}

/**
 * A host's identity: `address:port[>server]` in lower case. The port is the one written with the host, or 22. User and connection are
 * not part of it, so changing them never turns a host into another one.
 */
export function hostLabel(address: string, port: number | undefined, server: string | undefined): string {
  const place = address.includes(":") ? `[${address}]` : address.replace(/\.$/u, "");
  return `${place}:${port ?? 22}${server === undefined ? "" : `>${server}`}`.toLowerCase();
}

/** A login name: one line, not empty. */
export function isUserName(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return text.trim() !== "" && text.length <= 256 && !/[\u0000-\u001f\u007f-\u009f]/u.test(text);
}

/** Digits and dots only would be taken for an IPv4 address by every resolver, so it has to be one. */
function isHostName(text: string): boolean {
  if (!/^[0-9.]+$/u.test(text)) return hostName.test(text);
  const parts = text.split(".");
  return (
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/u.test(part) && Number(part) <= 255)
  );
}

/** Two spellings of one address are one host, so the URL parser's canonical one is taken; a zone is kept. */
function canonicalIpv6(text: string): string | undefined {
  const [address = "", zone, ...rest] = text.split("%");
  if (rest.length > 0 || (zone !== undefined && !/^[A-Za-z0-9_.-]{1,32}$/u.test(zone))) return undefined;
  if (!/^[0-9a-f:.]+$/iu.test(address) || !URL.canParse(`http://[${address}]`)) return undefined;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return zone === undefined ? canonical : `${canonical}%${zone}`;
}
