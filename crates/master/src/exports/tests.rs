use super::*;
use std::net::Ipv4Addr;
use types::Status;

fn mount(ip: [u8; 4], path: &'static str) -> Mount<'static> {
    Mount { ip: Ipv4Addr::from(ip), version: 0x0003_00EA, meta: false, path: path.as_bytes(), proof: None }
}

fn selected(text: &str, mount: &Mount<'_>) -> Result<u32, Status> {
    let (exports, _) = parse_exports(text);
    Selection(&exports).select(mount).map(|e| e.line)
}

#[test]
fn the_stock_sample_and_every_option() {
    let (exports, errors) = parse_exports(
        "# comment\n\n* / rw,alldirs,admin,maproot=0:0\n* . rw\n\
         10.0.0.0/24 /data  ro, ignoregid , dynamicip,mapall=5:6,minversion=3.0.1,mingoal=2,maxgoal=3,\
         mintrashtime=1H,maxtrashtime=2W1D,umask=0027,disable=chown:write,disable=link,\
         md5pass=00112233445566778899aabbccddeeff\n",
    );
    assert_eq!(errors, []);
    assert_eq!(exports.len(), 3);
    assert_eq!(exports[0].options.root, (0, 0));
    assert_eq!((exports[1].meta, exports[1].options.root), (true, (0, 0)));
    let o = &exports[2].options;
    assert_eq!((o.root, o.mapall, o.min_version), ((5, 6), Some((5, 6)), 0x0003_0001));
    assert_eq!((o.goals, o.trash_times, o.umask), ((2, 3), (3600, 15 * 86_400), 0o27));
    assert_eq!(o.disables, 1 | 1 << 15 | 1 << 11);
    assert_eq!(o.password.unwrap()[1], 0x11);
    assert!(!o.writable && o.ignore_gid && o.dynamic_ip);
}

#[test]
fn bad_lines_are_told_and_the_rest_counts() {
    let (exports, errors) = parse_exports(
        "10.0.0.300 / rw\n* \n* / umask=027\n* / rw,colour=red\n* / maxgoal=1,mingoal=2\n* / mintrashtime=1S1H\n\
         * / maproot=no_such_user\n* / disable=sing\n",
    );
    assert_eq!(exports.iter().map(|e| e.line).collect::<Vec<_>>(), [4, 8]);
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert!(told[0].starts_with("line 1: bad address '10.0.0.300'") && told[0].ends_with("line ignored"));
    assert!(told[1].starts_with("line 2: path is missing"));
    assert!(told[2].contains("incorrect umask definition '027'"));
    assert_eq!(told[3], "line 4: unknown option 'colour=red' is ignored");
    assert!(told[4].contains("mingoal is greater"));
    assert!(told[5].contains("bad time '1S1H'"));
    assert!(told[6].contains("user 'no_such_user'"));
    assert!(told[7].contains("unknown operation 'sing'"));
}

#[test]
fn address_forms() {
    let inside = |text: &str, ip: [u8; 4]| AddressRange::parse(text).unwrap().contains(Ipv4Addr::from(ip));
    assert!(inside("*", [1, 2, 3, 4]));
    assert!(inside("1.2.3.4", [1, 2, 3, 4]) && !inside("1.2.3.4", [1, 2, 3, 5]));
    assert!(inside("1.2.3.99/24", [1, 2, 3, 0]) && !inside("1.2.3.0/24", [1, 2, 4, 0]));
    assert!(inside("1.2.3.4/0", [200, 0, 0, 0]));
    assert!(inside("1.2.0.0/255.255.0.0", [1, 2, 200, 1]));
    assert!(inside("1.2.3.4-1.2.3.9", [1, 2, 3, 9]) && !inside("1.2.3.4-1.2.3.9", [1, 2, 3, 10]));
    for bad in ["", "1.2.3", "1.2.3.4/33", "1.2.3.9-1.2.3.4", "x/8", "1.2.3.4-"] {
        assert_eq!(AddressRange::parse(bad), None, "{bad}");
    }
}

#[test]
fn selection_rules() {
    assert_eq!(selected("* / ro\n* / rw", &mount([1, 1, 1, 1], "/")), Ok(2));
    assert_eq!(selected("* / rw\n* / rw,maproot=0:0", &mount([1, 1, 1, 1], "/")), Ok(2));
    assert_eq!(selected("* / rw\n* / rw", &mount([1, 1, 1, 1], "/")), Ok(1));
    assert_eq!(selected("* / rw\n", &mount([1, 1, 1, 1], "/sub")), Err(Status::EACCES));
    assert_eq!(selected("* / rw,alldirs\n* /sub rw", &mount([1, 1, 1, 1], "//sub/")), Ok(2));
    assert_eq!(selected("* /su rw,alldirs", &mount([1, 1, 1, 1], "/sub")), Err(Status::EACCES));
    assert_eq!(selected("2.0.0.0/8 / rw", &mount([1, 1, 1, 1], "/")), Err(Status::EACCES));
    assert_eq!(selected("* / rw,minversion=4", &mount([1, 1, 1, 1], "/")), Err(Status::EACCES));
    assert_eq!(selected("DEFAULTS rw\n* / alldirs", &mount([0, 0, 0, 0], "/x")), Ok(2));
}

#[test]
fn passwords() {
    let text = "* / rw,password=secret";
    let challenge = std::array::from_fn(|i| i as u8);
    let answer = |password: &str| {
        let inner = md5::compute(password).0;
        md5::compute([&challenge[..16], &inner, &challenge[16..]].concat()).0
    };
    let plain = mount([1, 1, 1, 1], "/");
    assert_eq!(selected(text, &plain), Err(Status::NOPASSWORD));
    assert_eq!(
        selected(text, &Mount { proof: Some((challenge, answer("x"))), ..plain }),
        Err(Status::BADPASSWORD)
    );
    assert_eq!(selected(text, &Mount { proof: Some((challenge, answer("secret"))), ..plain }), Ok(1));
    assert_eq!(selected("* / ro\n* / rw,password=secret", &plain), Ok(1));
}

#[test]
fn checksum_ignores_order_and_sees_options() {
    let sum = |text| checksum(&parse_exports(text).0);
    assert_eq!(sum("* / rw\n* . rw"), sum("* . rw\n* / rw"));
    assert_ne!(sum("* / rw"), sum("* / ro"));
    assert_ne!(sum("* / rw"), sum("* / rw,umask=0022"));
}
