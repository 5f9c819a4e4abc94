//! Files as `torch.save` writes them, and archives around them, byte by byte.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Tensors by name, with shape and numbers.
pub type Named = Vec<(String, Vec<usize>, Vec<f32>)>;

/// How a file is written.
pub struct Torch {
    /// Pickle protocol, 2 to 5.
    pub protocol: u8,
}

impl Default for Torch {
    fn default() -> Self {
        Self { protocol: 2 }
    }
}

impl Torch {
    /// A ZIP with everything below `folder`, as PyTorch writes it since 1.6. Each set is a dictionary of tensors below a key, or at
    /// the top where the key is empty.
    pub fn archive(&self, folder: &str, sets: &[(&str, &Named)]) -> Vec<u8> {
        let mut storages = Vec::new();
        let pickle = self.pickle(sets, &mut storages);
        let mut members = vec![
            (format!("{folder}/data.pkl"), pickle),
            (format!("{folder}/byteorder"), b"little".to_vec()),
        ];
        for (number, data) in storages.into_iter().enumerate() {
            members.push((format!("{folder}/data/{number}"), data));
        }
        members.push((format!("{folder}/version"), b"3\n".to_vec()));
        let members: Vec<_> = members
            .iter()
            .map(|(name, data)| (name.as_str(), data.as_slice()))
            .collect();
        archive(&members, true)
    }

    /// The stream of pickles that PyTorch wrote before 1.6.
    pub fn stream(&self, sets: &[(&str, &Named)]) -> Vec<u8> {
        let mut storages = Vec::new();
        let pickle = self.pickle(sets, &mut storages);
        let mut bytes = self.framed(b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19");
        bytes.extend(self.framed(b"M\xe9\x03"));
        let mut info = b"}(".to_vec();
        self.text(&mut info, "little_endian");
        info.extend(b"\x88u");
        bytes.extend(self.framed(&info));
        bytes.extend(pickle);
        let mut keys = b"](".to_vec();
        for number in 0..storages.len() {
            self.text(&mut keys, &number.to_string());
        }
        keys.push(b'e');
        bytes.extend(self.framed(&keys));
        for data in storages {
            bytes.extend((data.len() as u64 / 4).to_le_bytes());
            bytes.extend(data);
        }
        bytes
    }

    /// The dictionary of dictionaries of tensors.
    fn pickle(&self, sets: &[(&str, &Named)], storages: &mut Vec<Vec<u8>>) -> Vec<u8> {
        let mut body = b"}(".to_vec();
        for (key, tensors) in sets {
            if key.is_empty() {
                self.items(&mut body, tensors, storages);
            } else {
                self.text(&mut body, key);
                body.extend(b"}(");
                self.items(&mut body, tensors, storages);
                body.push(b'u');
            }
        }
        self.text(&mut body, "epoch");
        body.extend(b"K\x05u");
        self.framed(&body)
    }

    fn items(&self, body: &mut Vec<u8>, tensors: &Named, storages: &mut Vec<Vec<u8>>) {
        for (name, shape, values) in tensors {
            self.text(body, name);
            self.global(body, "torch._utils", "_rebuild_tensor_v2");
            body.extend(b"((");
            self.text(body, "storage");
            self.global(body, "torch", "FloatStorage");
            self.text(body, &storages.len().to_string());
            self.text(body, "cpu");
            number(body, values.len());
            body.extend(b"tQK\x00(");
            shape.iter().for_each(|side| number(body, *side));
            body.extend(b"t(");
            for axis in 0..shape.len() {
                number(body, shape[axis + 1..].iter().product());
            }
            body.extend(b"t\x89");
            self.global(body, "collections", "OrderedDict");
            body.extend(b")RtR");
            storages.push(
                values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect(),
            );
        }
    }

    /// A whole pickle around these operations.
    fn framed(&self, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x80, self.protocol];
        if self.protocol >= 4 {
            bytes.push(0x95);
            bytes.extend((body.len() as u64 + 1).to_le_bytes());
        }
        bytes.extend(body);
        bytes.push(b'.');
        bytes
    }

    fn text(&self, body: &mut Vec<u8>, text: &str) {
        if self.protocol >= 4 && text.len() < 256 {
            body.extend([0x8c, text.len() as u8]);
        } else {
            body.push(b'X');
            body.extend((text.len() as u32).to_le_bytes());
        }
        body.extend(text.as_bytes());
    }

    fn global(&self, body: &mut Vec<u8>, module: &str, name: &str) {
        if self.protocol >= 4 {
            self.text(body, module);
            self.text(body, name);
            body.push(0x93);
        } else {
            body.extend(format!("c{module}\n{name}\n").as_bytes());
        }
    }
}

fn number(body: &mut Vec<u8>, number: usize) {
    body.push(b'J');
    body.extend((number as u32).to_le_bytes());
}

/// A ZIP of stored files.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    archive(members, false)
}

/// A ZIP of stored files, with the ZIP64 record that PyTorch writes whether it is needed or not.
fn archive(members: &[(&str, &[u8])], has_large_record: bool) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        // PyTorch tells no checksum, and none is 0.
        let checksum = 0_u32;
        let mut fields = Vec::new();
        // Version, flags, method, time, date.
        for field in [0_u16, 0x0800, 0, 0, 0] {
            fields.extend(field.to_le_bytes());
        }
        fields.extend(checksum.to_le_bytes());
        let size = (data.len() as u32).to_le_bytes();
        fields.extend([size, size].concat());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        directory.extend(b"PK\x01\x02\0\0");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&fields);
        bytes.extend(name.as_bytes());
        bytes.extend(*data);
    }
    let (start, count) = (bytes.len() as u64, members.len() as u64);
    let size = directory.len() as u64;
    bytes.extend(directory);
    if has_large_record {
        let at = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([0x1e, 3, 0x2d, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for field in [count, count, size, start] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(at.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
    }
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([(count as u16).to_le_bytes(), (count as u16).to_le_bytes()].concat());
    bytes.extend([(size as u32).to_le_bytes(), (start as u32).to_le_bytes()].concat());
    bytes.extend([0, 0]);
    bytes
}

/// A TAR of one file.
pub fn tar(name: &str, data: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = [&header, data].concat();
    bytes.resize(bytes.len().next_multiple_of(512) + 1024, 0);
    bytes
}

/// A file in gzip.
pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}
