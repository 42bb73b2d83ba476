//! Administration of storage classes: `mfsscadmin` and its short names (`spec/tools.md` 4).

use super::class_options::ClassOptions;
use crate::args::{Given, Opt, flag, value};
use crate::failure::{Failure, Stop};
use crate::mounts::{Access, Trouble, body, done};
use crate::run::{FAILED, Job, MINUS_ONE, hint};
use proto::client_master::{
    LabelSet, SclassChange, SclassChangeReply, SclassCreate, SclassCreateReply, SclassDef, SclassDelete,
    SclassDeleteReply, SclassDuplicate, SclassDuplicateReply, SclassList, SclassListReply, SclassRename,
    SclassRenameReply, show_labels,
};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use types::{MsgId, Name, Rest, Status, Tag};

const NO_ID: MsgId = MsgId(0);

/// Options of `create`.
const CREATE: &[Opt] = &[
    value(b'a', "0|1", "only administrators may use it"),
    value(
        b'm',
        "l|d|s",
        "loose, default or strict: what to do when no server with the right labels can be used",
    ),
    value(b'C', "labels", "where new chunks go (default: as -K)"),
    value(b'K', "labels", "where chunks are kept"),
    value(b'A', "labels", "where chunks of files go that were not changed for long, needs -d"),
    value(b'd', "days", "after how many days, needs -A"),
];
/// And of `change`.
const FORCE: &[Opt] = &[flag(b'f', "change classes 1 to 9 too (change only)")];
const LONG: &[Opt] = &[flag(b'l', "with definitions (list only)")];

/// All of them, for the help.
pub(crate) const OPTIONS: &[&[Opt]] = &[CREATE, FORCE, LONG];

/// `mfsscadmin [/MOUNT] ACTION …`: each action has options of its own.
pub(crate) fn scadmin(job: &mut Job) -> Result<u8, Stop> {
    let mut words = std::mem::take(&mut job.given.names);
    let path = match words.first() {
        Some(word) if word.as_bytes().starts_with(b"/") => words.remove(0),
        _ => ".".into(),
    };
    if words.is_empty() {
        return Err(Stop::usage("no action given: create, change, delete, copy, rename or list"));
    }
    let action = words.remove(0);
    let (options, run): (&[&[Opt]], Action) = match action.as_bytes() {
        b"create" | b"make" => (&[CREATE], create),
        b"modify" | b"change" => (&[CREATE, FORCE], change),
        b"delete" | b"remove" => (&[], delete),
        b"copy" | b"duplicate" => (&[], copy),
        b"rename" => (&[], rename),
        b"list" => (&[LONG], list),
        _ => {
            let action = action.display();
            return Err(Stop::usage(format!("unknown storage class admin command \"{action}\"")));
        }
    };
    job.given = Given::parse(options.iter().copied().flatten(), words)
        .map_err(|bad| Stop::usage(format!("{}: {bad}", action.display())))?;
    run(job, &path)
}

/// Takes the path that says which mount.
type Action = fn(&mut Job, &OsStr) -> Result<u8, Stop>;

/// `mfslistsclass [-l] [PATH]`
pub(crate) fn listsclass(job: &mut Job) -> Result<u8, Stop> {
    let mut names = std::mem::take(&mut job.given.names);
    if names.len() > 1 {
        return Err(Stop::usage("one path at most"));
    }
    list(job, &names.pop().unwrap_or_else(|| ".".into()))
}

/// Finds the mount; a failure is printed.
fn open(job: &mut Job, path: &OsStr) -> Result<bool, Stop> {
    let opened = if path == "." { job.mounts.open_here() } else { job.mounts.open(path, Access::Read) };
    match opened {
        Ok(_) => Ok(true),
        Err(failure) => {
            job.fail(failure)?;
            hint("name a path in a mount: mfsscadmin /MOUNT ...");
            Ok(false)
        }
    }
}

/// A class name as it travels; a longer one is told as stock tells it.
fn name_of(text: &OsStr) -> Result<Name<'_>, Failure> {
    Name::new(text.as_bytes()).ok_or_else(|| Failure::of(text, "name too long"))
}

/// `storage class DOING NAME: ok`, or the error.
fn outcome(what: &str, result: Result<(), Trouble>) -> Result<Vec<u8>, Failure> {
    match result {
        Ok(()) => Ok(format!("storage class {what}: ok\n").into_bytes()),
        Err(trouble) => {
            if trouble == Trouble::Refused(Status::EPERM_NOTADMIN) {
                hint("the export needs the option \"admin\" in mfsexports.cfg");
            }
            Err(Failure(format!("storage class {what}: error: {}", trouble.text()).into_bytes()))
        }
    }
}

fn create(job: &mut Job, path: &OsStr) -> Result<u8, Stop> {
    let mut options = ClassOptions::parse(&job.given)?;
    // Without -K, -C and -A the first word is what -K takes.
    if options.keep.is_empty() && options.create.is_empty() && options.archive.is_empty() {
        if job.given.names.len() < 2 {
            return Err(Stop::usage("labels and a name are needed"));
        }
        let text = job.given.names.remove(0);
        options.keep_only(text.as_bytes())?;
    }
    options.complete()?;
    let names = job.names(1)?;
    if !open(job, path)? {
        return Ok(FAILED);
    }
    let well = job.each(&names, |job, name| {
        let request =
            SclassCreate { msgid: NO_ID, name: name_of(name)?, form: Tag, class: definition(&options) };
        let answer = job.mounts.ask::<_, SclassCreateReply>(&request);
        outcome(&format!("make {}", name.display()), answer.and_then(|answer| done(answer.status)))
    })?;
    Ok(if well { 0 } else { FAILED })
}

fn definition(options: &ClassOptions) -> SclassDef<'_> {
    SclassDef {
        admin_only: options.admin_only,
        mode: options.mode,
        archive_delay_days: options.delay_days,
        create: Rest::Items(&options.create),
        keep: Rest::Items(&options.keep),
        archive: Rest::Items(&options.archive),
    }
}

fn change(job: &mut Job, path: &OsStr) -> Result<u8, Stop> {
    let options = ClassOptions::parse(&job.given)?;
    let names = job.names(1)?;
    if !open(job, path)? {
        return Ok(FAILED);
    }
    let doing = if options.mask == 0 { "show" } else { "change" };
    let well = job.each(&names, |job, name| {
        let request = SclassChange {
            msgid: NO_ID,
            name: name_of(name)?,
            form: Tag,
            change_mask: options.mask,
            class: definition(&options),
        };
        let answer =
            job.mounts.ask::<_, SclassChangeReply<'_>>(&request).and_then(|answer| body(answer.reply));
        match answer {
            Ok((_, class)) => {
                Ok(format!("storage class change {}: {}\n", name.display(), shown(&class)).into())
            }
            Err(trouble) => outcome(&format!("{doing} {}", name.display()), Err(trouble)),
        }
    })?;
    Ok(if well { 0 } else { FAILED })
}

fn delete(job: &mut Job, path: &OsStr) -> Result<u8, Stop> {
    let names = job.names(1)?;
    if !open(job, path)? {
        return Ok(FAILED);
    }
    let well = job.each(&names, |job, name| {
        let answer =
            job.mounts.ask::<_, SclassDeleteReply>(&SclassDelete { msgid: NO_ID, name: name_of(name)? });
        outcome(&format!("remove {}", name.display()), answer.and_then(|answer| done(answer.status)))
    })?;
    Ok(if well { 0 } else { FAILED })
}

fn copy(job: &mut Job, path: &OsStr) -> Result<u8, Stop> {
    let mut names = job.names(2)?;
    let targets = names.split_off(1);
    let source = &names[0];
    if !open(job, path)? {
        return Ok(FAILED);
    }
    let well = job.each(&targets, |job, new| {
        let request = SclassDuplicate { msgid: NO_ID, name: name_of(source)?, new_name: name_of(new)? };
        let answer = job.mounts.ask::<_, SclassDuplicateReply>(&request);
        let what = format!("copy {}->{}", source.display(), new.display());
        outcome(&what, answer.and_then(|answer| done(answer.status)))
    })?;
    Ok(if well { 0 } else { FAILED })
}

fn rename(job: &mut Job, path: &OsStr) -> Result<u8, Stop> {
    let names = job.names(2)?;
    let [old, new] = names.as_slice() else { return Err(Stop::usage("two names are needed")) };
    if !open(job, path)? {
        return Ok(MINUS_ONE);
    }
    let well = job.each(std::slice::from_ref(new), |job, new| {
        let request = SclassRename { msgid: NO_ID, name: name_of(old)?, new_name: name_of(new)? };
        let answer = job.mounts.ask::<_, SclassRenameReply>(&request);
        let what = format!("move {}->{}", old.display(), new.display());
        outcome(&what, answer.and_then(|answer| done(answer.status)))
    })?;
    Ok(if well { 0 } else { MINUS_ONE })
}

fn list(job: &mut Job, path: &OsStr) -> Result<u8, Stop> {
    if !job.given.names.is_empty() {
        return Err(Stop::usage("list takes no names"));
    }
    if !open(job, path)? {
        return Ok(MINUS_ONE);
    }
    let long = job.given.has(b'l');
    let request = SclassList { msgid: NO_ID, long: u8::from(long) };
    let answer = job.mounts.ask::<_, SclassListReply<'_>>(&request).and_then(|answer| body(answer.reply));
    let lines = answer.and_then(|bytes| {
        if long {
            let classes = bytes.list::<(Name<'_>, SclassDef<'_>)>().map_err(|_| Trouble::Malformed)?;
            Ok(classes
                .iter()
                .flat_map(|(name, class)| named(name, &format!(" : {}", shown(&class))))
                .collect())
        } else {
            let names = bytes.list::<Name<'_>>().map_err(|_| Trouble::Malformed)?;
            Ok(names.iter().flat_map(|name| named(name, "")).collect::<Vec<u8>>())
        }
    });
    match lines {
        Ok(lines) => {
            job.print(lines)?;
            Ok(0)
        }
        Err(trouble) => {
            job.fail(trouble.about(path))?;
            Ok(MINUS_ONE)
        }
    }
}

fn named(name: Name<'_>, more: &str) -> Vec<u8> {
    [name.as_bytes(), more.as_bytes(), b"\n"].concat()
}

/// `2->3 ; admin_only: NO ; mode: STD ; create_labels: [A] , [B] ; …`
fn shown(class: &SclassDef<'_>) -> String {
    let sets = |list: &Rest<'_, LabelSet>| {
        list.iter().map(|set| format!("[{}]", show_labels(&set))).collect::<Vec<_>>().join(" , ")
    };
    let archived = class.archive_delay_days > 0;
    let mut numbers = vec![class.create.count(), class.keep.count()];
    numbers.extend(archived.then(|| class.archive.count()));
    let all_equal = numbers.windows(2).all(|pair| pair[0] == pair[1]);
    let copies = if all_equal {
        class.keep.count().to_string()
    } else {
        numbers.iter().map(usize::to_string).collect::<Vec<_>>().join("->")
    };
    let mode = ["LOOSE", "STD", "STRICT"].get(usize::from(class.mode)).unwrap_or(&"???");
    let admin = if class.admin_only != 0 { "YES" } else { "NO" };
    let mut text = format!("{copies} ; admin_only: {admin} ; mode: {mode}");
    text += &format!(" ; create_labels: {} ; keep_labels: {}", sets(&class.create), sets(&class.keep));
    if archived {
        text +=
            &format!(" ; arch_labels: {} ; arch_delay: {}d", sets(&class.archive), class.archive_delay_days);
    }
    text
}
