import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, it, type TestContext } from "node:test";
import { startRealLinux, type RealLinux } from "../lab/linux/real-linux";
import { build } from "../pulumi/dynamic/built-package";
import { startRealm, type Realm } from "../real/kerberos-realm";
import { makeSshCa } from "../real/ssh-ca";
import { makeFarm, type Farm } from "../ssh/real-servers";
import { createProject, type Project } from "./project";

/** Real logins in a real `pulumi up`: through the machine's ssh, to a real sshd with a real logind, without a key that the host knows. */
describe("pulumi up through the machine's ssh", { timeout: 600_000 }, () => {
  let real: RealLinux | undefined;
  let noHost = "";
  let keys: Farm | undefined;
  const projects: Project[] = [];

  before(async () => {
    const started = await startRealLinux({ users: ["lab-alice"] });
    if ("unavailable" in started) {
      noHost = started.unavailable;
      return;
    }
    real = started;
    keys = makeFarm();
    await build();
  });
  afterEach(() => real?.clear());
  after(async () => {
    for (const project of projects) project.remove();
    await real?.stop();
    await keys?.close();
  });

  /** Defines a test with the host and a folder for keys; skipped, with the reason, if there is none. */
  const onReal = (
    name: string,
    work: (test: TestContext, host: RealLinux, farm: Farm) => Promise<void>,
  ): void => {
    it(name, async (test) => {
      if (real === undefined || keys === undefined) test.skip(`no real Linux host: ${noHost}`);
      else await work(test, real, keys);
    });
  };
  const projectWith = async (environment: Readonly<Record<string, string>>): Promise<Project> => {
    const project = await createProject({ environment });
    projects.push(project);
    return project;
  };
  const args = ({ address }: RealLinux, port: number, connection: object): object => ({
    hosts: [`root@${address}:${port}`],
    sessions: { users: ["lab-alice"] },
    connection: { client: "openssh", ...connection },
  });
  /** Alice logs on, `pulumi up` logs her off, and the next one finds nothing to do. */
  const logsOff = async (host: RealLinux, project: Project): Promise<void> => {
    const alice = await host.login("lab-alice", "echo in; exec sleep 300");
    const first = await project.pulumi("up", "--yes", "--skip-preview");
    assert.equal(first.code, 0, first.output);
    assert.equal((await project.outputs())["pre-patch"]?.totals.loggedOff, 1);
    assert.notEqual(await alice.ended, 0);
    const second = await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
    assert.equal(second.code, 0, second.output);
  };

  /** A host that lets nobody in but holders of a ticket, and its realm. */
  const inRealm = async (
    test: TestContext,
    host: RealLinux,
    { folder }: Farm,
  ): Promise<{ readonly realm: Realm; readonly inputs: Readonly<Record<string, object>> } | undefined> => {
    const realm = await startRealm({ users: ["root"], hosts: [host.address] });
    if ("unavailable" in realm) {
      test.skip(`no Kerberos: ${realm.unavailable}`);
      return undefined;
    }
    test.after(() => realm.close());
    const options = [
      "GSSAPIAuthentication=yes",
      "GSSAPIStrictAcceptorCheck=no",
      "AuthenticationMethods=gssapi-with-mic",
    ];
    const port = await host.sshd(options, realm.serverEnv);
    const sshConfig = join(folder, "ssh_config");
    writeFileSync(sshConfig, `Host ${host.address}\n  GSSAPIAuthentication yes\n`);
    const knownHosts = `[${host.address}]:${port} ${host.hostKey}\n`;
    return { realm, inputs: { "pre-patch": args(host, port, { sshConfig, knownHosts }) } };
  };

  onReal("logs somebody off with a Kerberos ticket", async (test, host, farm) => {
    const scene = await inRealm(test, host, farm);
    if (scene === undefined) return;
    const project = await projectWith(scene.realm.ticket("root"));
    project.resources(scene.inputs);
    await logsOff(host, project);
  });

  onReal("says how to get a ticket if there is none", async (test, host, farm) => {
    const scene = await inRealm(test, host, farm);
    if (scene === undefined) return;
    const alice = await host.login("lab-alice", "echo in; exec sleep 300");
    const project = await projectWith(scene.realm.clientEnv);
    project.resources(scene.inputs);
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
    assert.notEqual(code, 0);
    assert.match(output, /auth-unavailable: .*no Kerberos ticket.*`kinit`/u);
    assert.equal((await host.inside("ps", "-u", "lab-alice", "-o", "pid=")).code, 0, "alice is still there");
    alice.hangUp();
  });

  onReal("logs somebody off with certificates on both sides", async (_test, host, farm) => {
    const [users, hosts] = [makeSshCa(farm, "user-ca"), makeSshCa(farm, "host-ca")];
    const hostKey = hosts.hostKey("certified-host", { principals: [host.address] });
    const port = await host.sshd([
      ...hostKey.map((line) => line.replace(" ", "=")),
      `TrustedUserCAKeys=${users.path}.pub`,
      "AuthorizedKeysFile=none",
    ]);
    const { path } = users.userKey("operator", { principals: ["root"] });
    const project = await projectWith({});
    project.resources({
      "pre-patch": args(host, port, {
        privateKeyFile: path,
        sshConfig: false,
        knownHosts: `@cert-authority [${host.address}]:* ${hosts.publicText}\n`,
      }),
    });
    await logsOff(host, project);
  });
});
