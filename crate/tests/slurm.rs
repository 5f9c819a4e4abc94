//! `docs/cohorts/slurm.sbatch` on a Slurm of one node, which the test starts and ends. Where Debian's `slurm-wlm` is not installed, or
//! the daemons cannot be started by this user, that is said on standard error.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use delineo::export::png;
use delineo::phantom;
use phantoms::{folder, model, write};

mod phantoms;

const IMAGES: u32 = 40;

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// The daemons, which end with it.
struct Slurm {
    place: PathBuf,
}

impl Slurm {
    fn start(place: &Path) -> Option<Self> {
        let at = |name: &str| place.join(name).display().to_string();
        for name in ["state", "spool"] {
            fs::create_dir_all(place.join(name)).expect("writable");
        }
        let mut key = [0; 1024];
        let mut random = fs::File::open("/dev/urandom").ok()?;
        random.read_exact(&mut key).ok()?;
        fs::write(place.join("munge.key"), key).expect("writable");
        let owner_only = fs::Permissions::from_mode(0o400);
        fs::set_permissions(place.join("munge.key"), owner_only).expect("ours");
        let host = output(Command::new("hostname").arg("-s"))?;
        let configuration = format!(
            "ClusterName=delineo\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort=26817\nSlurmdPort=26818\n\
             AuthType=auth/munge\nCryptoType=crypto/munge\nAuthInfo=socket={}\nSlurmUser=root\nSlurmdUser=root\n\
             StateSaveLocation={}\nSlurmdSpoolDir={}\nSlurmctldPidFile={}\nSlurmdPidFile={}\nSlurmctldLogFile={}\nSlurmdLogFile={}\n\
             ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\n\
             ReturnToService=2\nMpiDefault=none\nKillWait=1\nNodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN\n\
             PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4\n",
            at("munge.socket"),
            at("state"),
            at("spool"),
            at("slurmctld.pid"),
            at("slurmd.pid"),
            at("slurmctld.log"),
            at("slurmd.log"),
        );
        fs::write(place.join("slurm.conf"), configuration).expect("writable");
        let slurm = Self {
            place: place.to_owned(),
        };
        let munge = [
            "--force".to_owned(),
            format!("--key-file={}", at("munge.key")),
            format!("--socket={}", at("munge.socket")),
            format!("--pid-file={}", at("munged.pid")),
            format!("--log-file={}", at("munged.log")),
            format!("--seed-file={}", at("munged.seed")),
        ];
        output(Command::new("munged").args(munge))?;
        output(slurm.command("slurmctld").arg("-i"))?;
        output(&mut slurm.command("slurmd"))?;
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            let state = output(slurm.command("sinfo").args(["-h", "-o", "%T"]));
            if state.as_deref() == Some("idle") {
                return Some(slurm);
            }
            sleep(Duration::from_millis(200));
        }
        None
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.place)
            .env("SLURM_CONF", self.place.join("slurm.conf"))
            .env("DELINEO", env!("CARGO_BIN_EXE_delineo"));
        command
    }

    fn submit(&self, more: &[&str], out: &Path) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cohorts/slurm.sbatch");
        self.command("sbatch")
            .args(["--parsable", "--array=1-4"])
            .args(more)
            .arg(script)
            .arg(self.place.join("in"))
            .arg(out)
            .arg(model())
            .output()
            .expect("sbatch starts")
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        for name in ["slurmd.pid", "slurmctld.pid", "munged.pid"] {
            if let Ok(pid) = fs::read_to_string(self.place.join(name)) {
                drop(Command::new("kill").arg(pid.trim()).status());
            }
        }
    }
}

/// Files below a folder that end in `.png`, with their bytes.
fn masks(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut masks: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "png"))
        .map(|path| {
            let name = PathBuf::from(path.file_name().expect("a name"));
            (name, fs::read(path).expect("readable"))
        })
        .collect();
    masks.sort();
    masks
}

fn rows(tables: impl Iterator<Item = PathBuf>) -> Vec<String> {
    let mut rows: Vec<String> = tables
        .flat_map(|table| {
            let text = fs::read_to_string(table).expect("a table");
            text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn a_job_array_of_which_a_task_is_killed_and_that_is_submitted_again_does_what_one_call_does() {
    let place = folder("slurm");
    for index in 0..IMAGES {
        let image = png(&phantom::dermoscopy(index, 160, 120).image).expect("encodable");
        write(&place.join(format!("in/{index:02}.png")), &image);
    }
    let has_slurm = ["slurmctld", "slurmd", "munged", "sbatch"]
        .iter()
        .all(|program| Command::new(program).arg("--version").output().is_ok());
    let slurm = if has_slurm {
        Slurm::start(&place)
    } else {
        None
    };
    let Some(slurm) = slurm else {
        eprintln!(
            "SKIPPED: Slurm (slurm-wlm and munge) is not installed or cannot be started by this user."
        );
        return;
    };

    let one = place.join("one");
    let table = place.join("one.csv");
    let call = Command::new(env!("CARGO_BIN_EXE_delineo"))
        .arg("segment")
        .arg(place.join("in"))
        .arg("--out")
        .arg(&one)
        .arg("--model")
        .arg(model())
        .args(["--device", "cpu", "--summary"])
        .arg(&table)
        .output()
        .expect("the program starts");
    assert!(call.status.success(), "{call:?}");

    let many = place.join("many");
    let submitted = slurm.submit(&[], &many);
    let job = String::from_utf8_lossy(&submitted.stdout).trim().to_owned();
    assert!(submitted.status.success(), "{submitted:?}");
    let until = Instant::now() + Duration::from_secs(120);
    while masks(&many).is_empty() && Instant::now() < until {
        sleep(Duration::from_millis(20));
    }
    let killed = slurm
        .command("scancel")
        .args(["--signal=KILL", "--full", &format!("{job}_1")])
        .output();
    assert!(killed.is_ok_and(|killed| killed.status.success()));
    while output(slurm.command("squeue").arg("-h")).is_some_and(|jobs| !jobs.is_empty()) {
        assert!(Instant::now() < until, "the array does not end");
        sleep(Duration::from_millis(200));
    }
    let missing = IMAGES as usize - masks(&many).len();
    assert!(missing > 0, "the task was killed before its end");

    let again = slurm.submit(&["--wait"], &many);
    assert!(again.status.success(), "{again:?}");
    assert_eq!(masks(&many), masks(&one));
    let tables = (1..=4).map(|part| many.join(format!("tables/{part}.csv")));
    assert_eq!(rows(tables), rows(std::iter::once(table)));
}
