//! Any bytes as a metadata image, and as each of its sections: records that are read are written so that they are read
//! as the same again.
#![no_main]

use ondisk::image::*;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = ondisk::image::check(data);
    let _ = ondisk::dump::write_dump(data, &mut std::io::sink());
    let Some((&[which, version], body)) = data.split_first_chunk() else { return };
    match which % 13 {
        0 => section::<Sess>(version, body),
        1 => section::<Scla>(version, body),
        2 => section::<Node>(version, body),
        3 => section::<Edge>(version, body),
        4 => section::<Free>(version, body),
        5 => section::<Quot>(version, body),
        6 => section::<Xatr>(version, body),
        7 => section::<Pacl>(version, body),
        8 => section::<Open>(version, body),
        9 => section::<Flck>(version, body),
        10 => section::<Plck>(version, body),
        11 => section::<Csdb>(version, body),
        _ => section::<Chnk>(version, body),
    }
});

/// `version` picks one of those that are read, mostly the current one.
fn section<S: for<'b> Body<'b>>(version: u8, body: &[u8]) {
    let current = <S as Body>::VERSION;
    let version = current - version % 4 % (current - <S as Body>::OLDEST + 1);
    let section = Section { name: <S as Body>::NAME, version, offset: 0, body };
    let Ok(records) = section.read::<S>() else { return };
    let mut first = Vec::new();
    S::write_head(records.head(), &mut first);
    for record in records {
        let Ok(record) = record else { return };
        S::write_record(&record, &mut first);
    }
    <S as Body>::write_end(&mut first);
    let second = rewritten::<S>(&first);
    assert_eq!(first, second, "reading and writing once more changes nothing");
}

fn rewritten<S: for<'b> Body<'b>>(body: &[u8]) -> Vec<u8> {
    let section = Section { name: <S as Body>::NAME, version: <S as Body>::VERSION, offset: 0, body };
    let records = section.read::<S>().expect("what we wrote, we read");
    let mut out = Vec::new();
    S::write_head(records.head(), &mut out);
    for record in records {
        S::write_record(&record.expect("what we wrote, we read"), &mut out);
    }
    <S as Body>::write_end(&mut out);
    out
}
