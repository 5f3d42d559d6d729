import type { SessionLogoffArgs } from "../../../provider";

const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nnot a real key\n-----END OPENSSH PRIVATE KEY-----\n";
const fingerprint = `SHA256:${"A".repeat(43)}`;

const login = {
  user: "operator",
  port: 2222,
  agent: true,
  knownHosts: "h ssh-ed25519 AAAA",
  knownHostsFile: "known_hosts",
  hostKey: fingerprint,
  strictHostKeyChecking: "accept-new",
  sshConfig: "ssh_config",
  algorithms: "legacy",
  keepalive: "15s",
} as const;
const byValue = { ...login, privateKey: key, passphrase: "secret", password: "secret" };
const byReference = { ...login, privateKeyFile: "id", passphraseEnv: "PASSPHRASE", passwordEnv: "PASSWORD" };
const selector = {
  ids: [3, "4"],
  names: ["TERM*"],
  users: ["alice"],
  states: ["active", "disconnected"],
  idleFor: "1h",
  all: true,
  console: true,
  except: { ids: [5], names: ["x"], users: ["svc-*"] },
} as const;

/** Arguments in which, together, every field is set. The compiler checks them against the generated types, a test against the readers. */
export const everyInput: readonly SessionLogoffArgs[] = [
  {
    hosts: [
      {
        host: "rdsh01",
        port: 22,
        user: "operator",
        platform: "windows",
        sessions: selector,
        connection: {
          ...byValue,
          client: "builtin",
          jumpHosts: ["gate", { host: "gate2", user: "u", port: 22, connection: byValue }],
        },
      },
    ],
    sessions: selector,
    connection: {
      ...byReference,
      client: "builtin",
      jumpHosts: [{ host: "gate", connection: byReference }],
    },
    drain: "until-restart",
    warn: {
      message: "{minutes} minutes, {user} on {host}",
      gracePeriod: "15m",
      reminders: ["5m", 60],
      ifUndelivered: "keep",
      cancelMessage: "Cancelled",
    },
    atDeadline: "fail",
    ifStuck: "reset",
    settle: "30s",
    ifMissing: "fail",
    ifArrived: "ignore",
    limits: { sessions: 100, sessionsPerHost: 10 },
    rollout: { parallel: 50, waves: [1, "10%"], pause: "1m", maxFailures: "5%" },
    failOn: "budget",
    window: { daily: "22:00-05:00", timeZone: "Europe/Berlin" },
    timeouts: { connect: "15s", command: 30, logoff: "5m", total: "2h" },
    mode: "once",
    triggers: ["2026-11", { nested: [1] }],
    report: ["report.html", "report.json"],
    previewSessions: true,
  },
  {
    hosts: [
      {
        host: "gateway",
        server: "rdsh02",
        sessions: "TERM04",
        connection: { ...byReference, jumpHosts: [{ host: "gate", connection: byReference }] },
      },
    ],
    connection: {
      ...byValue,
      jumpHosts: ["gate", { host: "gate2", user: "u", port: 22, connection: byValue }],
    },
    window: { notBefore: "2026-03-01T22:00:00+01:00", notAfter: "2026-03-02T05:00:00+01:00" },
    report: "report.xml",
  },
];
