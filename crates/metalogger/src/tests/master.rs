//! A master that does exactly what a test says.

use proto::metalogger::{
    ChangeLogEvent, CrcBlock, DownloadData, DownloadFile, DownloadInfo, DownloadInfoPacket, DownloadRequest,
    MetaChangesLog, MlRegister, MltoMa,
};
use proto::{Direction, FrameHeader, HEADER_SIZE, Packet, encode_frame};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use types::Wire;

/// Its listening side.
pub(super) struct Master(TcpListener);

/// A connected metalogger.
pub(super) struct Peer(TcpStream);

/// What a metalogger says, without what needs no answer.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Register(MlRegister),
    Start(DownloadFile),
    Request { offset: u64, length: u32 },
    End,
}

impl Master {
    pub(super) fn new() -> Master {
        Master(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(super) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// The next connection, and the change it wants first.
    pub(super) fn accept(&self) -> (Peer, Option<u64>) {
        let (stream, _) = self.0.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut peer = Peer(stream);
        match peer.hear() {
            Said::Register(request) => {
                assert_eq!(request.version, types::OUR_VERSION);
                (peer, request.first)
            }
            other => panic!("{other:?} before registering"),
        }
    }
}

impl Peer {
    /// The next packet that is not a NOP.
    pub(super) fn hear(&mut self) -> Said {
        loop {
            let mut head = [0; HEADER_SIZE];
            self.0.read_exact(&mut head).unwrap();
            let head = FrameHeader::decode_whole(&head).unwrap();
            let mut body = vec![0; head.len as usize];
            self.0.read_exact(&mut body).unwrap();
            return match MltoMa::decode(head.id, &body).unwrap() {
                // This master behaves like stock's and says nothing of itself.
                MltoMa::Nop(_) | MltoMa::GetVersion(_) => continue,
                MltoMa::MlRegisterPacket(packet) => Said::Register(packet.request),
                MltoMa::DownloadStart(packet) => Said::Start(packet.file),
                MltoMa::DownloadRequest(DownloadRequest { offset, length }) => {
                    Said::Request { offset, length }
                }
                MltoMa::DownloadEnd(_) => Said::End,
                other => panic!("unexpected {other:?}"),
            };
        }
    }

    pub(super) fn say<'a>(&mut self, packet: &impl Packet<'a>) {
        let mut frame = Vec::new();
        encode_frame(packet, &mut frame);
        self.0.write_all(&frame).unwrap();
    }

    pub(super) fn change(&mut self, number: u64) {
        let text = format!("1795343157|ACCESS({number})");
        self.say(&MetaChangesLog { event: ChangeLogEvent::Change { number, text: text.as_bytes() } });
    }

    pub(super) fn changes(&mut self, numbers: std::ops::RangeInclusive<u64>) {
        numbers.for_each(|number| self.change(number));
    }

    pub(super) fn rotate(&mut self) {
        self.say(&MetaChangesLog { event: ChangeLogEvent::Rotate });
    }

    /// Sends one file from its START on.
    pub(super) fn upload(&mut self, file: DownloadFile, bytes: &[u8]) {
        assert_eq!(self.hear(), Said::Start(file));
        self.say(&DownloadInfoPacket { info: DownloadInfo::Size(bytes.len() as u64) });
        loop {
            match self.hear() {
                Said::Request { offset, length } => {
                    let data = &bytes[offset as usize..][..length as usize];
                    let block = CrcBlock { crc: crc32fast::hash(data), data };
                    self.say(&DownloadData { offset, block });
                }
                Said::End => return,
                other => panic!("{other:?} in a download"),
            }
        }
    }

    /// Sends all three files.
    pub(super) fn upload_all(&mut self, image: &[u8], log0: &[u8], log1: &[u8]) {
        self.upload(DownloadFile::Metadata, image);
        self.upload(DownloadFile::Changelog0, log0);
        self.upload(DownloadFile::Changelog1, log1);
    }
}

/// The smallest image with a version and an id.
pub(super) fn image(version: u64, id: u64) -> Vec<u8> {
    let header = ondisk::image::Header { version, id };
    ondisk::ImageWriter::new(Vec::new(), header).unwrap().finish().unwrap()
}

/// Lines of a master's changelog.
pub(super) fn log(numbers: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    numbers.map(|number| format!("{number}: 1795343157|ACCESS({number})\n")).collect::<String>().into_bytes()
}

impl Peer {
    pub(super) fn into_stream(self) -> TcpStream {
        self.0
    }
}
