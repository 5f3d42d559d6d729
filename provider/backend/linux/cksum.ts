const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) remainder = (remainder << 1) ^ (remainder < 0 ? 0x04c11db7 : 0);
  return remainder;
});

/** What POSIX's `cksum` prints first: the checksum of some bytes and their number. */
export function cksum(bytes: Uint8Array): number {
  let sum = 0;
  const add = (byte: number): void => {
    sum = (sum << 8) ^ (table[(sum >>> 24) ^ byte] ?? 0);
  };
  for (const byte of bytes) add(byte);
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) add(length % 256);
  return ~sum >>> 0;
}
