//! A directory to run the command in, and what it said.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use image::{ImageBuffer, ImageFormat, Luma, Rgb, Rgba};

/// How long a test waits for something that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A fresh directory, removed at the end; paths in it are given relative to it, and the command runs there.
pub struct Place(tempfile::TempDir);

/// What a run of the command gave.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    /// Writes a file, with the directories that it needs.
    pub fn put(&self, relative: &str, bytes: &[u8]) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Draws an image; the name's extension says the format.
    pub fn draw(&self, relative: &str, width: u32, height: u32) {
        self.put(relative, &drawn(ImageFormat::from_path(relative).unwrap(), width, height));
    }

    /// `count` images `in/000.png`, ….
    pub fn draw_many(&self, count: usize, width: u32, height: u32) {
        let bytes = drawn(ImageFormat::Png, width, height);
        for i in 0..count {
            self.put(&format!("in/{i:03}.png"), &bytes);
        }
    }

    pub fn read(&self, relative: &str) -> Vec<u8> {
        fs::read(self.path(relative)).unwrap_or_else(|e| panic!("{relative}: {e}"))
    }

    /// The files below a directory by their names relative to it, but for the manifest; none where it does not exist.
    pub fn files(&self, relative: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(relative), "", &mut files);
        files.retain(|name, _| !name.ends_with(imgproc::pipeline::manifest::NAME));
        files
    }

    /// Names of the files below a directory.
    pub fn names(&self, relative: &str) -> Vec<String> {
        self.files(relative).into_keys().collect()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imgproc"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command.env_remove("RUST_BACKTRACE").env_remove("NO_COLOR");
        command
    }

    /// Runs the command with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Runs the main job on the CPU backend, with more arguments.
    pub fn run_cpu(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["--backend", "cpu"], arguments].concat())
    }

    /// Starts the main job on the CPU backend.
    pub fn start_cpu(&self, arguments: &[&str]) -> Child {
        let arguments = [&["--backend", "cpu"], arguments].concat();
        self.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until a directory holds a file that the test accepts.
    pub fn wait_for(&self, relative: &str, accepts: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        while !names_in(&self.path(relative)).iter().any(|name| accepts(name)) {
            assert!(begun.elapsed() < PATIENCE, "nothing came in {relative}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: with_slashes(String::from_utf8(output.stderr).unwrap()),
        }
    }

    /// The run, having ended with that code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The run, having said all of that on stderr.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Ran {
        for text in texts {
            assert!(self.stderr.contains(text), "no {text:?} in:\n{}", self.stderr);
        }
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e} in:\n{}", self.stdout))
    }
}

/// Messages with paths as they stand in the tests.
fn with_slashes(text: String) -> String {
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn collect(directory: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for name in names_in(directory) {
        let path = directory.join(&name);
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files);
        } else {
            files.insert(format!("{prefix}{name}"), fs::read(path).unwrap());
        }
    }
}

/// A picture with gradients and noise, so that nothing about it is constant.
fn drawn(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(u64::from(width) << 32 | u64::from(height));
    let image = ImageBuffer::from_fn(width, height, |x, y| {
        let noise = random.u8(0..32);
        Rgb([(x % 200) as u8 + noise, (y % 200) as u8 + noise, ((x ^ y) % 200) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A PNG of 16-bit gray.
pub fn sixteen_bit_png(width: u32, height: u32) -> Vec<u8> {
    let image = ImageBuffer::from_fn(width, height, |x, y| Luma([(x * 257 + y * 31) as u16]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::ImageLuma16(image).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A PNG with alpha.
pub fn translucent_png(width: u32, height: u32) -> Vec<u8> {
    let image = ImageBuffer::from_fn(width, height, |x, y| Rgba([x as u8, y as u8, 90, (x + y) as u8]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A JPEG of one or three channels, of waves and discs, whose colours lie so far inside of RGB that no decoder clamps any.
pub fn muted_jpeg(width: u32, height: u32, channels: u32) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(5);
    let discs: Vec<[f32; 4]> = (0..60)
        .map(|_| {
            let radius = 4.0 + 60.0 * random.f32().powi(2);
            [random.f32() * width as f32, random.f32() * height as f32, radius, 30.0 * random.f32() - 15.0]
        })
        .collect();
    let image = ImageBuffer::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let covers = |disc: &&[f32; 4]| (disc[0] - x).hypot(disc[1] - y) < disc[2];
        let step = discs.iter().filter(covers).map(|disc| disc[3]).sum::<f32>().clamp(-30.0, 30.0);
        let wave = |v: f32, length: f32| (128.0 + step + 30.0 * (v / length).sin()) as u8;
        Rgb([wave(x + y, 9.0), wave(x, 17.0), wave(y - x / 2.0, 23.0)])
    });
    let image = image::DynamicImage::ImageRgb8(image);
    let image = if channels == 1 { image::DynamicImage::ImageLuma8(image.to_luma8()) } else { image };
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95);
    image.write_with_encoder(encoder).unwrap();
    bytes
}
