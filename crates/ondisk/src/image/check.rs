//! Reads an image through, keeping nothing.

use super::{Body, Image, ImageError, ImageFile, Section, SectionName};

/// Evaluates an expression with `$section` being the section's type: the one list of all sections.
macro_rules! with_section {
    ($name:expr, $section:ident => $known:expr, $other:pat => $unknown:expr) => {
        with_section!(@ $name, $section => $known, $other => $unknown,
            Sess Scla Node Edge Free Quot Xatr Pacl Open Flck Plck Csdb Chnk Xtim)
    };
    (@ $name:expr, $section:ident => $known:expr, $other:pat => $unknown:expr, $($all:ident)*) => {
        match $name {
            $( <$crate::image::$all as $crate::image::Body>::NAME => {
                type $section = $crate::image::$all;
                $known
            } )*
            $other => $unknown,
        }
    };
}
pub(crate) use with_section;

/// How many records a section has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SectionSummary {
    /// Which section.
    pub name: SectionName,
    /// Its version byte.
    pub version: u8,
    /// Its records.
    pub records: u64,
}

/// Reads every record of every section; the first thing wrong is the error, an unknown section too. Whether the
/// records fit together is not looked at.
pub fn check(file: &[u8]) -> Result<Vec<SectionSummary>, ImageError> {
    match Image::open(file)? {
        ImageFile::Empty => Ok(Vec::new()),
        ImageFile::Image(image) => {
            image.sections().map(|section| section.and_then(|s| check_section(&s))).collect()
        }
    }
}

/// The same for one section.
pub fn check_section(section: &Section<'_>) -> Result<SectionSummary, ImageError> {
    let Section { name, version, offset, .. } = *section;
    let records = with_section!(name, S => count::<S>(section), section => {
        Err(ImageError::UnknownSection { section, version, offset })
    })?;
    Ok(SectionSummary { name, version, records })
}

fn count<'a, S: Body<'a>>(section: &Section<'a>) -> Result<u64, ImageError> {
    section.read::<S>()?.try_fold(0, |n, record| record.map(|_| n + 1))
}
