//! Development only: the rules that the source must keep, as code.

pub mod tidy;
