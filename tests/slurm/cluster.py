"""A real SLURM of one node on this machine: controller, node daemon and munge, no systemd.

The configuration lies in a folder of the test's own and is linked from SLURM's standard
place, because jobs that snakemake starts inside an allocation lose `SLURM_CONF`.
"""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

STANDARD = Path("/etc/slurm/slurm.conf")
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scontrol", "setpriv")
START_S = 60
FOLDER = "forestflux-slurm"
# A process that ends when the tests are killed.
MORTAL = ("setpriv", "--pdeathsig", "TERM")
MARK = "ClusterName=forestflux"

# linuxproc and task/none: nothing here needs systemd or cgroups. Without a cgroup it is
# OverMemoryKill, looking every second, that ends a job above its memory.
CONFIGURATION = """
ClusterName=forestflux
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
MinJobAge=3600
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
GresTypes=gpu
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} Gres=gpu:1 State=UNKNOWN
PartitionName=short Nodes={host} Default=YES MaxTime=1-0 DefMemPerCPU=500 State=UP
"""


def missing() -> str | None:
    """Why a SLURM is not started here, or None if it is."""
    if os.geteuid() != 0:
        return "only root starts SLURM's daemons"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (Debian: slurm-wlm, munge)"
    if "SLURM_CONF" in os.environ:
        return f"a SLURM is configured here already ({os.environ['SLURM_CONF']})"
    if is_left_over():
        return None
    if STANDARD.exists() or STANDARD.is_symlink():
        return f"a SLURM is configured here already ({STANDARD})"
    return None


def is_left_over() -> bool:
    """Whether the configuration is a link that a killed test has left behind."""
    if not STANDARD.is_symlink():
        return False
    target = STANDARD.readlink()
    if target.exists() and MARK not in target.read_text():
        return False
    controller = target.with_name("slurmctld.pid")
    ours = target.parent.name == FOLDER
    return ours and not (controller.exists() and is_alive(controller))


def is_alive(pid_file: Path) -> bool:
    """Whether the process of a pid file runs."""
    return Path("/proc", pid_file.read_text().strip()).is_dir()


class Cluster:
    """The daemons of one node, as a context."""

    def __init__(self, folder: Path, *, cpus: int = 2, memory_mb: int = 12000) -> None:
        """Keep where the daemons live, in a folder of their own, and the node's size."""
        self.folder, self.cpus, self.memory_mb = folder / FOLDER, cpus, memory_mb
        self.daemons: list[subprocess.Popen] = []

    def __enter__(self) -> "Cluster":
        """Start munge, the controller and the node; wait until the node is idle."""
        for name in ("munge", "state", "spool"):
            (self.folder / name).mkdir(parents=True)
        STANDARD.parent.mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(
            folder=self.folder,
            host=socket.gethostname(),
            ports=free_ports(2),
            cpus=self.cpus,
            memory_mb=self.memory_mb,
        )
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text("Name=gpu File=/dev/zero\n")
        if is_left_over():
            STANDARD.unlink()
        STANDARD.symlink_to(self.folder / "slurm.conf")
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self) -> None:
        """Start the daemons in the order in which they need each other."""
        munge = self.folder / "munge"
        (munge / "key").write_bytes(os.urandom(128))
        (munge / "key").chmod(0o600)
        socket_file = munge / "socket"
        self.daemon(
            "munged",
            "--foreground",
            "--force",
            f"--key-file={munge}/key",
            f"--socket={socket_file}",
            f"--pid-file={munge}/pid",
            f"--log-file={munge}/log",
            f"--seed-file={munge}/seed",
        )
        self.wait(socket_file.exists, "munge's socket")
        self.daemon("slurmctld", "-D", "-c", "-f", str(self.folder / "slurm.conf"))
        self.daemon("slurmd", "-D", "-c", "-f", str(self.folder / "slurm.conf"))
        self.wait(lambda: self.sinfo() == "idle", "an idle node")

    def daemon(self, *words: str) -> None:
        """Start one daemon in the foreground, which ends when the tests are killed."""
        output = (self.folder / f"{words[0]}.out").open("w")
        self.daemons.append(
            subprocess.Popen([*MORTAL, *words], stdout=output, stderr=subprocess.STDOUT)
        )

    def sinfo(self) -> str:
        """State of the node."""
        words = ["sinfo", "--noheader", "--format=%T"]
        return subprocess.run(
            words, capture_output=True, text=True, check=False
        ).stdout.strip()

    def wait(self, condition, what: str) -> None:
        """Wait until a condition holds, else fail with the end of the daemons' logs."""
        end = time.monotonic() + START_S
        while not condition():
            if time.monotonic() > end:
                logs = sorted(self.folder.glob("*.log")) + sorted(
                    self.folder.glob("*.out")
                )
                tails = "\n".join(f"{log}: {log.read_text()[-1000:]}" for log in logs)
                raise TimeoutError(f"SLURM gave no {what} in {START_S} s\n{tails}")
            time.sleep(0.2)

    def queue(self) -> list[dict[str, str]]:
        """Jobs that the controller knows, finished ones too, the oldest first."""
        names = ("id", "state", "comment", "memory", "cpus", "minutes")
        form = "--format=%i|%T|%k|%m|%C|%l"
        words = ["squeue", "--states=all", "--noheader", "--sort=i", form]
        text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return [
            dict(zip(names, line.split("|"), strict=True)) for line in text.splitlines()
        ]

    def record(self, job: str) -> str:
        """Everything that the controller knows of a job, as text."""
        words = ["scontrol", "show", "job", job]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    def __exit__(self, *_: object) -> None:
        """Cancel what runs, stop the daemons, take the link away."""
        subprocess.run(["scancel", "--user=root"], capture_output=True, check=False)
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
        if STANDARD.is_symlink() and STANDARD.readlink().parent == self.folder:
            STANDARD.unlink()


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
