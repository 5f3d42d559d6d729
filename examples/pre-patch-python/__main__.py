"""
The night of a patch: refuse new logons, warn everybody, give them time, log off who stayed.

    npm install pulumi-session-logoff
    pulumi package add ./node_modules/pulumi-session-logoff/plugin   # makes the Python package that is imported below
    pulumi config set --path 'hosts[0]' rdsh01.corp.example
    pulumi config set session-logoff:user 'CORP\\patch-operator'
    pulumi config set --secret session-logoff:privateKey < ~/.ssh/patch-operator
    pulumi config set session-logoff:knownHosts < known_hosts
    pulumi config set patchRelease 2026-11
    pulumi up

After the restart the hosts take logons again by themselves. When something failed, fix it and run `pulumi up` again: it goes on
with the hosts that are left.
"""

import pulumi
import pulumi_session_logoff as session_logoff

config = pulumi.Config()

pre_patch = session_logoff.SessionLogoff(
    "pre-patch",
    hosts=config.require_object("hosts"),
    sessions=session_logoff.SessionSelectorArgs(
        all=True,
        except_=session_logoff.SessionExceptionsArgs(users=["svc-*"]),
    ),
    drain="until-restart",
    warn=session_logoff.WarningArgs(
        message="Maintenance starts in {minutes} minutes. Please save your work and log off.",
        grace_period=config.get("gracePeriod") or "15m",
        reminders=config.get_object("reminders", ["5m", "1m"]),
        cancel_message="The maintenance is postponed. You can continue working.",
    ),
    rollout=session_logoff.RolloutArgs(parallel=20),
    # A new release runs everything again; without one, a second `pulumi up` changes nothing.
    triggers=[config.get("patchRelease") or ""],
)

# What patches the hosts takes pre_patch.ready_hosts, and so waits until everybody has left.
pulumi.export("readyHosts", pre_patch.ready_hosts)
pulumi.export("totals", pre_patch.totals)
