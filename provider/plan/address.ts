/** The parts of `[user@]address[:port]`. */
export interface Address {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
}

/** An address, or what a valid one would be. The text itself is never quoted, because it may contain a password. */
type AddressResult = { readonly address: Address } | { readonly wrong: string };

const form = "must be [user@]address[:port], IPv6 in brackets";
const hostName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62})?)*\.?$/iu;

/** The form of a machine's name for `/server:`. */
export const serverName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/u;

/** Parses `[user@]address[:port]`. The user ends at the last `@` and may contain others; an IPv6 address is in brackets. */
export function parseAddress(text: string): AddressResult {
  const at = text.lastIndexOf("@");
  const user = at < 0 ? undefined : text.slice(0, at);
  const addressAndPort = text.slice(at + 1);
  if (user !== undefined) {
    if (user.includes(":"))
      return { wrong: `${form}, without a password: give it with \`connection.password\`` };
    if (!isUserName(user)) return { wrong: `${form}, with a user before the @` };
  }
  if (/^[a-z]+:\/\//iu.test(text)) return { wrong: `${form}, without a scheme such as ssh://` };
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([0-9]{1,5}))?$/u.exec(addressAndPort);
  if (match === null) {
    const isBareIpv6 = /^[0-9a-f:.]+(?:%.*)?$/iu.test(addressAndPort) && addressAndPort.split(":").length > 2;
    return { wrong: isBareIpv6 ? `${form}: write the IPv6 address as [address] or [address]:port` : form };
  }
  const [, ipv6, plain = "", digits] = match;
  const address = ipv6 === undefined ? plain : canonicalIpv6(ipv6);
  if (address === undefined) return { wrong: `${form}: the text in brackets is not an IPv6 address` };
  if (ipv6 === undefined && !isHostName(plain)) {
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
 * The identity of a host: lower-case `address:port[>server]`. The port is the one written with the host, otherwise 22. User and
 * connection are not part of it, so changing them does not make it another host.
 */
export function hostLabel(address: string, port: number | undefined, server: string | undefined): string {
  const name = address.includes(":") ? `[${address}]` : address.replace(/\.$/u, "");
  return `${name}:${port ?? 22}${server === undefined ? "" : `>${server}`}`.toLowerCase();
}

/** Whether a text can be a login name: a single line that is not blank. */
export function isUserName(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return text.trim() !== "" && text.length <= 256 && !/[\u0000-\u001f\u007f-\u009f]/u.test(text);
}

/** Every resolver takes a name of digits and dots for an IPv4 address, so such a name must be a valid one. */
function isHostName(text: string): boolean {
  if (!/^[0-9.]+$/u.test(text)) return hostName.test(text);
  const parts = text.split(".");
  return (
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/u.test(part) && Number(part) <= 255)
  );
}

/** The canonical spelling by the URL parser, so that two spellings of an address are the same host. A zone is kept. */
function canonicalIpv6(text: string): string | undefined {
  const [address = "", zone, ...rest] = text.split("%");
  if (rest.length > 0 || (zone !== undefined && !/^[A-Za-z0-9_.-]{1,32}$/u.test(zone))) return undefined;
  if (!/^[0-9a-f:.]+$/iu.test(address) || !URL.canParse(`http://[${address}]`)) return undefined;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return zone === undefined ? canonical : `${canonical}%${zone}`;
}
