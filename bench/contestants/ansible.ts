import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measure } from "../command";
import type { Contestant } from "../contest";
import { sshConfig } from "./openssh";

const release = "ansible-core==2.17.7";

const playbook = `
- hosts: all
  gather_facts: false
  strategy: free
  tasks:
    - raw: quser.exe
      register: before
      failed_when: false
    - raw: "logoff.exe {{ item }}"
      loop: "{{ before.stdout_lines[1:] | map('regex_search', ' ([0-9]+)  (?:Active|Disc)', '\\\\1') | map('first') | list }}"
    - raw: quser.exe
      register: after
      failed_when: "'USERNAME' in after.stdout"
`;

/** Installs Ansible from PyPI into a virtual environment below the folder, once. @returns the contestant, or why it is unavailable */
export async function ansible(folder: string, mayInstall: boolean): Promise<Contestant | string> {
  const home = join(folder, "ansible");
  const program = join(home, "bin", "ansible-playbook");
  try {
    if (!existsSync(program)) {
      if (!mayInstall) return "it is not installed, which only a full run does";
      await measure({ program: "python3", args: ["-m", "venv", home] }, 120_000);
      const pip = ["install", "--quiet", "--disable-pip-version-check", release];
      await measure({ program: join(home, "bin", "pip"), args: pip }, 300_000);
    }
    await measure({ program, args: ["--version"] }, 60_000);
  } catch (thrown) {
    return thrown instanceof Error ? (thrown.message.split("\n").at(-1) ?? "") : String(thrown);
  }
  return {
    name: "Ansible, raw",
    prepare: (fleet, hosts, parallel) => {
      const file = (name: string, text: string): string => {
        writeFileSync(join(fleet.folder, name), text);
        return join(fleet.folder, name);
      };
      const config = [
        "[defaults]",
        `forks=${parallel}`,
        "display_ok_hosts=false",
        // The commands run as they are: a POSIX shell around them would fail on Windows, and PowerShell would cost time.
        "executable=",
        "[ssh_connection]",
        // Ansible's defaults, with our ssh_config: later tasks reuse the connections.
        `ssh_args=-F ${sshConfig(fleet)} -C -o ControlMaster=auto -o ControlPersist=60s`,
        `control_path_dir=${fleet.folder}/cp`,
      ];
      const addresses = fleet.addresses.slice(0, hosts).join("\n");
      const inventory = file("inventory", `${addresses}\n[all:vars]\nansible_shell_type=sh\n`);
      return {
        program,
        args: ["-i", inventory, file("playbook.yml", playbook)],
        cwd: fleet.folder,
        env: {
          ANSIBLE_CONFIG: file("ansible.cfg", `${config.join("\n")}\n`),
          ANSIBLE_HOME: join(fleet.folder, "ansible-home"),
          ANSIBLE_NOCOLOR: "1",
        },
      };
    },
  };
}
