//! A cluster of real processes.

use crate::config::{self, CSSERV_PORT, MATOCL_PORT, MATOCS_PORT};
use crate::daemon::Daemon;
use crate::kinds::{ClusterSpec, Make, Role};
use crate::monitor::{self, Matrix, ServerLine};
use crate::mounts;
use crate::namespace::Namespace;
use crate::rundir::{Kind, RunDir};
use crate::volume::Volume;
use crate::wait::until;
use anyhow::{Context, Result, ensure};
use rustix::mount::{UnmountFlags, unmount};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Longest time anything may take to become ready.
const READY: Duration = Duration::from_secs(60);

/// A running cluster. Dropping it kills and removes all of it.
#[derive(Debug)]
pub struct Cluster {
    master: Daemon,
    chunkservers: Vec<Daemon>,
    metalogger: Option<Daemon>,
    mounts: Vec<Daemon>,
    disks: usize,
    volumes: Vec<Vec<Volume>>,
    namespace: Namespace,
    // Last: dropped after the handles of the processes, it ends them and removes everything.
    dir: RunDir,
}

impl Cluster {
    /// Starts all of it and waits until every chunkserver is registered and every mount answers.
    pub fn start(spec: &ClusterSpec) -> Result<Cluster> {
        if spec.private_mounts {
            mounts::make_private()?;
        }
        let dir = RunDir::new(spec.tmpfs)?;
        let mut addresses = vec![config::MASTER, config::METALOGGER];
        addresses.extend((0..spec.mounts.len() + spec.meta_mounts.len()).map(config::mount));
        addresses.extend(&spec.addresses);
        let servers = 0..spec.chunkservers.len();
        let namespace = if spec.cables {
            Namespace::with_bridge(&dir, &addresses)?
        } else {
            addresses.extend(servers.clone().map(config::chunkserver));
            Namespace::new(&dir, &addresses)?
        };
        let host = |index| match spec.cables {
            true => namespace.host(&dir, index, config::chunkserver(index)),
            false => Ok(namespace.clone()),
        };
        let hosts = servers.clone().map(host).collect::<Result<Vec<_>>>()?;
        let build = Build { dir: dir.path(), namespace: &namespace, spec };
        let chunkservers = build.each(&spec.chunkservers, |i, make| build.chunkserver(i, make, &hosts[i]))?;
        let volume = |server, disk| {
            spec.disk_bytes.map(|bytes| Volume::new(&dir, &disk_of(dir.path(), server, disk), bytes))
        };
        let volumes = servers.map(|server| (0..spec.disks).filter_map(|disk| volume(server, disk)).collect());
        let volumes = volumes.collect::<Result<Vec<_>>>()?;
        let mut cluster = Cluster {
            master: build.master(spec)?,
            chunkservers,
            metalogger: spec.metalogger.map(|make| build.metalogger(make)).transpose()?,
            mounts: build.mounts()?,
            disks: spec.disks,
            volumes,
            namespace,
            dir,
        };
        cluster.start_all()?;
        Ok(cluster)
    }

    /// Port of the master for clients.
    pub const MASTER_PORT: u16 = MATOCL_PORT;

    /// Address of the master, inside the cluster's network.
    pub fn master_address() -> std::net::Ipv4Addr {
        config::MASTER
    }

    /// Calls `work` on a thread in the cluster's network; sockets opened there and on its threads belong to it.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        self.namespace.inside(work)
    }

    /// Where mount number `index` is.
    pub fn mount_point(&self, index: usize) -> PathBuf {
        mount_point(self.dir.path(), index)
    }

    /// A directory of the cluster that is outside its file system.
    pub fn scratch(&self) -> Result<PathBuf> {
        let path = self.dir.path().join("scratch");
        fs::create_dir_all(&path).with_context(|| format!("make {}", path.display()))?;
        Ok(path)
    }

    /// Name of the network namespace.
    pub fn network(&self) -> &str {
        self.dir.name()
    }

    /// DATA_PATH of the master.
    pub fn master_data(&self) -> PathBuf {
        self.dir.path().join("master/data")
    }

    /// DATA_PATH of the metalogger.
    pub fn metalogger_data(&self) -> PathBuf {
        self.dir.path().join("metalogger/data")
    }

    /// The first disk of chunkserver number `index`.
    pub fn disk(&self, index: usize) -> PathBuf {
        disk_of(self.dir.path(), index, 0)
    }

    /// All disks of chunkserver number `index`.
    pub fn disks(&self, index: usize) -> Vec<PathBuf> {
        (0..self.disks).map(|disk| disk_of(self.dir.path(), index, disk)).collect()
    }

    /// The disks of chunkserver number `index` that can fail.
    pub fn volumes(&self, index: usize) -> &[Volume] {
        &self.volumes[index]
    }

    /// `mfshdd.cfg` of chunkserver number `index`.
    pub fn hdd_cfg(&self, index: usize) -> PathBuf {
        self.dir.path().join(format!("chunkserver-{index}/mfshdd.cfg"))
    }

    /// Pulls the cable of chunkserver number `index` out, or plugs it in.
    pub fn plug(&self, index: usize, up: bool) -> Result<()> {
        self.namespace.plug(index, up)
    }

    /// What the master says of all chunks.
    pub fn matrix(&self) -> Result<Matrix> {
        self.namespace.inside(monitor::matrix)
    }

    /// The master's list of chunkservers.
    pub fn server_list(&self) -> Result<Vec<ServerLine>> {
        self.namespace.inside(monitor::servers)
    }

    /// The master.
    pub fn master(&mut self) -> &mut Daemon {
        &mut self.master
    }

    /// Chunkserver number `index`.
    pub fn chunkserver(&mut self, index: usize) -> &mut Daemon {
        &mut self.chunkservers[index]
    }

    /// How many chunkservers there are.
    pub fn chunkserver_count(&self) -> usize {
        self.chunkservers.len()
    }

    /// The process of mount number `index`.
    pub fn mount(&mut self, index: usize) -> &mut Daemon {
        &mut self.mounts[index]
    }

    /// A command that runs in the cluster's network, such as a tool.
    pub fn command(&self, program: &str) -> Command {
        self.namespace.command(Path::new(program))
    }

    /// A command for a program that works on files of metadata: `mfsmetarestore`, `mfsmetadump`.
    pub fn offline(&self, make: Make, name: &'static str) -> Result<Command> {
        let (program, first) = make.offline(name)?;
        let mut command = self.namespace.command(&program);
        command.args(first);
        Ok(command)
    }

    /// A command of `elkfs` itself.
    pub fn elkfs(&self) -> Result<Command> {
        Ok(self.namespace.command(&Make::Ours.offline("")?.0))
    }

    /// The metalogger, if there is one.
    pub fn metalogger(&mut self) -> Option<&mut Daemon> {
        self.metalogger.as_mut()
    }

    /// Starts the metalogger after a stop.
    pub fn start_metalogger(&mut self) -> Result<()> {
        self.metalogger.as_mut().map_or(Ok(()), |metalogger| metalogger.start(&self.dir, &["start"]))
    }

    /// From its next start on the master is `make`'s and works in `data`, under the same address.
    pub fn move_master(&mut self, make: Make, data: &Path) -> Result<()> {
        let cfg = self.dir.path().join("master/mfsmaster.cfg");
        let text = fs::read_to_string(&cfg).with_context(|| format!("read {}", cfg.display()))?;
        let keep = text.lines().filter(|line| !line.starts_with("DATA_PATH"));
        let text: String =
            keep.chain([format!("DATA_PATH = {}", data.display()).as_str()]).collect::<Vec<_>>().join("\n");
        fs::write(&cfg, text + "\n").with_context(|| format!("write {}", cfg.display()))?;
        self.master.set_make(make);
        Ok(())
    }

    /// A connection to the master from one of the cluster's addresses: to the port of clients, or of chunkservers.
    pub fn connect(&self, from: Ipv4Addr, role: Role) -> Result<TcpStream> {
        let port = if role == Role::Chunkserver { MATOCS_PORT } else { MATOCL_PORT };
        self.namespace.inside(|| {
            let socket = socket(AddressFamily::INET, SocketType::STREAM, None).context("make a socket")?;
            bind(&socket, &SocketAddrV4::new(from, 0)).with_context(|| format!("bind to {from}"))?;
            let master = SocketAddrV4::new(config::MASTER, port);
            connect(&socket, &master).with_context(|| format!("connect to {master}"))?;
            Ok(TcpStream::from(socket))
        })
    }

    /// `mfsexports.cfg` of the master.
    pub fn exports_file(&self) -> PathBuf {
        self.dir.path().join("master/mfsexports.cfg")
    }

    /// Starts the master after a stop, or with `recover` after a crash (`-a`: from image and changelog).
    pub fn start_master(&mut self, recover: bool) -> Result<()> {
        let more: &[&str] = if recover { &["-a", "start"] } else { &["start"] };
        self.master.start(&self.dir, more)?;
        for port in [MATOCL_PORT, MATOCS_PORT] {
            self.wait_port((config::MASTER, port).into(), |cluster| cluster.master.check())?;
        }
        Ok(())
    }

    /// Starts chunkserver number `index`; does not wait until it is registered.
    pub fn start_chunkserver(&mut self, index: usize) -> Result<()> {
        self.chunkservers[index].start(&self.dir, &["start"])?;
        let address = (config::chunkserver(index), CSSERV_PORT).into();
        self.wait_port(address, |cluster| cluster.chunkservers[index].check())
    }

    /// Waits until every chunkserver is registered at the master.
    pub fn wait_registered(&mut self) -> Result<()> {
        let all: HashSet<_> = (0..self.chunkservers.len()).map(config::chunkserver).collect();
        let namespace = self.namespace.clone();
        until("every chunkserver registered", READY, || {
            self.check()?;
            let found = namespace.inside(monitor::servers)?;
            let found = found.into_iter().filter(|line| line.connected).map(|line| line.ip);
            Ok(all.is_subset(&found.collect()))
        })
        .with_context(|| self.tails())
    }

    /// Mounts mount number `index` and waits until it answers.
    pub fn start_mount(&mut self, index: usize) -> Result<()> {
        let point = self.mount_point(index);
        fs::create_dir_all(&point).with_context(|| format!("make {}", point.display()))?;
        self.dir.record(Kind::Mount, &point.display().to_string())?;
        self.mounts[index].start(&self.dir, &[])?;
        until("a mount", READY, || {
            self.mounts[index].check()?;
            // The table first: the directory below answers too.
            Ok(mounts::is_mounted(&point) && answers(&point))
        })
        .with_context(|| self.tails())
    }

    /// Unmounts mount number `index` and waits for its process.
    pub fn stop_mount(&mut self, index: usize) -> Result<()> {
        let point = self.mount_point(index);
        unmount(&point, UnmountFlags::empty()).with_context(|| format!("umount {}", point.display()))?;
        let status = self.mounts[index].wait_end()?;
        ensure!(status.success(), "{} ended with {status}", self.mounts[index].name());
        Ok(())
    }

    /// Stops everything in good order: mounts, chunkservers, metalogger, master.
    pub fn stop_all(&mut self) -> Result<()> {
        for index in 0..self.mounts.len() {
            self.stop_mount(index)?;
        }
        for daemon in self.chunkservers.iter_mut().chain(&mut self.metalogger) {
            daemon.stop()?;
        }
        self.master.stop()
    }

    /// Starts everything, after it was made or stopped.
    pub fn start_all(&mut self) -> Result<()> {
        self.start_master(false).with_context(|| self.tails())?;
        if let Some(metalogger) = &mut self.metalogger {
            metalogger.start(&self.dir, &["start"])?;
        }
        for index in 0..self.chunkservers.len() {
            self.start_chunkserver(index).with_context(|| self.tails())?;
        }
        self.wait_registered()?;
        for index in 0..self.mounts.len() {
            self.start_mount(index)?;
        }
        Ok(())
    }

    /// An error if any process that should run has ended.
    pub fn check(&mut self) -> Result<()> {
        self.daemons().try_for_each(Daemon::check)
    }

    fn daemons(&mut self) -> impl Iterator<Item = &mut Daemon> {
        let master = std::iter::once(&mut self.master);
        master.chain(&mut self.chunkservers).chain(&mut self.metalogger).chain(&mut self.mounts)
    }

    fn wait_port(&mut self, address: SocketAddr, check: impl Fn(&mut Cluster) -> Result<()>) -> Result<()> {
        until(&format!("a listener on {address}"), READY, || {
            check(self)?;
            self.namespace.inside(|| Ok(TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()))
        })
    }

    /// Last lines of every log, for a failure's report.
    fn tails(&self) -> String {
        let daemons =
            [&self.master].into_iter().chain(&self.chunkservers).chain(&self.metalogger).chain(&self.mounts);
        daemons.map(Daemon::tail).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.tails());
        }
        if std::env::var_os("ELKFS_TEST_KEEP").is_some() {
            return;
        }
        // Mounts first and by force: nobody may be left waiting for servers that are about to go.
        for index in 0..self.mounts.len() {
            let _ = mounts::detach(&self.mount_point(index));
        }
        for daemon in self.daemons() {
            let _ = daemon.kill();
        }
        for server in 0..self.volumes.len() {
            for disk in self.disks(server) {
                let _ = mounts::detach(&disk);
            }
        }
    }
}

/// Whether a mount has reached its servers: it knows a size, or, of the trash, its directories.
fn answers(point: &Path) -> bool {
    rustix::fs::statvfs(point).is_ok_and(|fs| fs.f_blocks > 0) || point.join("sustained").is_dir()
}

fn disk_of(dir: &Path, server: usize, disk: usize) -> PathBuf {
    config::disk(&dir.join(format!("chunkserver-{server}")), disk)
}

fn mount_point(dir: &Path, index: usize) -> PathBuf {
    dir.join(format!("mount-{index}/point"))
}

/// Makes the daemons of a cluster from its specification.
struct Build<'a> {
    dir: &'a Path,
    namespace: &'a Namespace,
    spec: &'a ClusterSpec,
}

impl Build<'_> {
    fn each(&self, makes: &[Make], build: impl Fn(usize, Make) -> Result<Daemon>) -> Result<Vec<Daemon>> {
        makes.iter().enumerate().map(|(index, make)| build(index, *make)).collect()
    }

    fn daemon(&self, name: String, kind: (Role, Make), cfg: PathBuf) -> Daemon {
        let dir = self.dir.join(&name);
        let arguments = ["-f".into(), "-c".into(), cfg.into_os_string()];
        Daemon::new(name, kind, self.namespace, &dir, arguments.into())
    }

    fn master(&self, spec: &ClusterSpec) -> Result<Daemon> {
        let cfg = config::write_master(&self.dir.join("master"), spec)?;
        Ok(self.daemon("master".into(), (Role::Master, spec.master), cfg))
    }

    fn metalogger(&self, make: Make) -> Result<Daemon> {
        let cfg = config::write_metalogger(&self.dir.join("metalogger"))?;
        Ok(self.daemon("metalogger".into(), (Role::Metalogger, make), cfg))
    }

    fn chunkserver(&self, index: usize, make: Make, host: &Namespace) -> Result<Daemon> {
        let name = format!("chunkserver-{index}");
        let cfg = config::write_chunkserver(&self.dir.join(&name), index, self.spec)?;
        let build = Build { namespace: host, ..*self };
        Ok(build.daemon(name, (Role::Chunkserver, make), cfg))
    }

    fn mounts(&self) -> Result<Vec<Daemon>> {
        let spec = self.spec;
        let plain = spec.mounts.iter().map(|make| (*make, None));
        let meta = spec.meta_mounts.iter().map(|make| (*make, Some("-m")));
        plain.chain(meta).enumerate().map(|(i, (make, more))| self.mount(i, make, more)).collect()
    }

    fn mount(&self, index: usize, make: Make, more: Option<&str>) -> Result<Daemon> {
        let name = format!("mount-{index}");
        let dir = self.dir.join(&name);
        fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
        let mut arguments: Vec<OsString> = vec!["-f".into(), "-H".into(), config::MASTER.to_string().into()];
        arguments.extend(["-P".into(), MATOCL_PORT.to_string().into()]);
        let bind = format!("mfsbind={}", config::mount(index));
        for option in self.spec.mount_options.iter().chain([&bind]) {
            arguments.extend(["-o".into(), option.into()]);
        }
        arguments.extend(more.map(OsString::from));
        arguments.push(mount_point(self.dir, index).into_os_string());
        Ok(Daemon::new(name, (Role::Mount, make), self.namespace, &dir, arguments))
    }
}
