import { createServer } from "node:net";

let allotted = 0;

/**
 * Returns the next loopback address, from 127.16.0.2 up. Addresses are unique within a process and differ between
 * processes with neighboring IDs, so that concurrent test files can use the same fixed port.
 */
export function nextAddress(): string {
  const perNet = 250;
  const nets = 239 * 254;
  const net = (process.pid * 8 + Math.floor(allotted / perNet)) % nets;
  const last = 2 + (allotted % perNet);
  allotted += 1;
  return `127.${16 + Math.floor(net / 254)}.${net % 254}.${last}`;
}

let usable: Promise<boolean> | undefined;

/** Linux and Windows answer on all of 127.0.0.0/8. macOS answers only on 127.0.0.1, so hosts there differ by port. */
export function manyAddresses(): Promise<boolean> {
  usable ??= new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(0, "127.16.0.2", () => server.close(() => resolve(true)));
  });
  return usable;
}
