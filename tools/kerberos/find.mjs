import { missingPackages } from "../system-packages.mjs";

/** @type {typeof import("./find.mjs").programs} */
export const programs = ["krb5kdc", "kadmin.local", "kinit", "sshd", "ssh"];

/** @type {typeof import("./find.mjs").missingKerberos} */
export function missingKerberos({ env = process.env } = {}) {
  if (process.platform !== "linux") return "this machine is not a Linux";
  const missing = missingPackages(programs, env);
  if (missing.length === 0) return undefined;
  return `${missing.join(", ")} not installed: run \`npm run setup:extras\`, which says how to get them`;
}
