//! For tests: the AWS emulator as a process, an independent reader, and a cloud in memory.

pub mod emulator;
pub mod reader;
