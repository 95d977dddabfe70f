//! Whether all combinations give the same pixels, and pictures of what they give.

use std::path::{Path, PathBuf};

use super::pictures;
use super::pixels::Difference;
use super::sentence::percent;
use super::{Combination, Measured, Order, Trouble};
use crate::codec::{self, DecodeOptions, Format};
use crate::image::Image;
use crate::pipeline::disk::{self, Scratch};
use crate::pipeline::numbered_name;
use crate::recipe::Tolerance;
use crate::report::document::{After, Picture, Pixels};

/// Images that are shown.
const PICTURES: usize = 3;

/// The results of each combination held against those of the first.
pub struct Agreement {
    tolerance: Tolerance,
    decode: DecodeOptions,
    /// Kept for as long as others are compared with it.
    reference: Option<Reference>,
    found: Vec<Found>,
    pictures: Vec<Picture>,
}

struct Reference {
    scratch: Scratch,
    name: String,
    /// Numbers of the images that are there.
    images: Vec<usize>,
    /// Numbers of those that are shown.
    shown: Vec<usize>,
}

struct Found {
    combination: Combination,
    digest: u64,
    difference: Difference,
}

impl Agreement {
    pub fn new(tolerance: Tolerance, decode: DecodeOptions) -> Agreement {
        Agreement { tolerance, decode, reference: None, found: Vec::new(), pictures: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.reference.is_none()
    }

    /// Takes in a combination's results, which lie in `scratch` and may be of fewer files than those of the first.
    pub fn add(
        &mut self,
        combination: &Combination,
        measured: &Measured,
        order: &Order,
        scratch: Scratch,
    ) -> Result<(), Trouble> {
        let difference = match &self.reference {
            None => self.begin(combination, measured, order, scratch)?,
            // Bytes that were seen before hold the pixels that they held then.
            Some(_) => match self.found.iter().find(|found| found.digest == measured.digest) {
                Some(same) => same.difference.clone(),
                None => self.compare(combination, &order.output)?,
            },
        };
        self.found.push(Found { combination: combination.clone(), digest: measured.digest, difference });
        Ok(())
    }

    /// The first results, with which all others are compared.
    fn begin(
        &mut self,
        combination: &Combination,
        measured: &Measured,
        order: &Order,
        scratch: Scratch,
    ) -> Result<Difference, Trouble> {
        let failed = |index: usize| measured.failures.iter().any(|(number, _)| *number as usize == index);
        let images: Vec<usize> = (0..order.images).filter(|index| !failed(*index)).collect();
        let shown = super::sample::spread(&images, PICTURES);
        let mut difference = Difference::new(self.tolerance);
        for &index in &images {
            let header = codec::header(&disk::read_whole(&result(&order.output, index))?);
            difference.add_same(header.map_err(unreadable)?.layout);
        }
        for &index in &shown {
            let file = &order.files[index];
            let before = codec::decode(&disk::read_whole(file)?, &self.decode).map_err(unreadable)?;
            let after = self.image(&result(&order.output, index))?;
            self.pictures.push(Picture {
                name: measured.names.get(index).cloned().unwrap_or_default(),
                before: pictures::picture(&before).map_err(unreadable)?,
                after: vec![After {
                    run: combination.name(),
                    image: pictures::picture(&after).map_err(unreadable)?,
                    difference: None,
                    gain: 1.0,
                }],
            });
        }
        self.reference = Some(Reference { scratch, name: combination.name(), images, shown });
        Ok(difference)
    }

    fn compare(&mut self, combination: &Combination, output: &Path) -> Result<Difference, Trouble> {
        let mut difference = Difference::new(self.tolerance);
        let Some(reference) = &self.reference else { return Ok(difference) };
        let mut pictures = std::mem::take(&mut self.pictures);
        // Files that the first combination could not do are left out by the others, so that their numbers are closer.
        for (index, &kept) in reference.images.iter().enumerate() {
            let paths = [result(reference.scratch.path(), kept), result(output, index)];
            let [expected, actual] = [disk::read_whole(&paths[0])?, disk::read_whole(&paths[1])?];
            if expected == actual {
                difference.add_same(codec::header(&expected).map_err(unreadable)?.layout);
                continue;
            }
            let (expected, actual) = (self.image(&paths[0])?, self.image(&paths[1])?);
            let largest = difference.add(&expected, &actual);
            let place = reference.shown.iter().position(|shown| *shown == kept);
            let picture = place.and_then(|place| pictures.get_mut(place));
            if let Some(picture) = picture.filter(|_| largest > 0.0 && largest.is_finite()) {
                let (shown, gain) = pictures::difference(&expected, &actual).map_err(unreadable)?;
                picture.after.push(After {
                    run: combination.name(),
                    image: pictures::picture(&actual).map_err(unreadable)?,
                    difference: Some(shown),
                    gain,
                });
            }
        }
        self.pictures = pictures;
        Ok(difference)
    }

    fn image(&self, path: &Path) -> Result<Image, Trouble> {
        codec::decode(&disk::read_whole(path)?, &self.decode).map_err(unreadable)
    }

    /// Against the first combination; none for that one.
    pub fn pixels(&self, combination: &Combination) -> Option<Pixels> {
        let against = &self.reference.as_ref()?.name;
        let found = self.found.iter().skip(1).find(|found| found.combination == *combination)?;
        Some(found.difference.pixels(against))
    }

    pub fn is_allowed(&self) -> bool {
        self.found.iter().all(|found| found.difference.is_allowed())
    }

    pub fn verdict(&self) -> String {
        let Some(reference) = &self.reference else { return "no results were compared".into() };
        let all: Vec<(&Found, Pixels)> =
            self.found.iter().map(|found| (found, found.difference.pixels(&reference.name))).collect();
        let furthest = all.iter().max_by(|a, b| a.1.largest.total_cmp(&b.1.largest));
        let worst = all.iter().filter(|(found, _)| !found.difference.is_allowed());
        let worst = worst.max_by(|a, b| a.1.largest.total_cmp(&b.1.largest));
        let apart = |(found, pixels): &(&Found, Pixels)| {
            format!(
                "{} is up to {} from {}, in {} of the samples",
                found.combination.name(),
                levels(pixels.largest),
                reference.name,
                percent(pixels.differing)
            )
        };
        match (worst, furthest) {
            (Some(worst), _) => format!(
                "the results are further apart than the specification allows, {}: {}",
                levels(f64::from(self.tolerance.levels)),
                apart(worst)
            ),
            (None, Some(furthest)) if furthest.1.largest > 0.0 => {
                format!("all results are as near to one another as the specification asks: {}", apart(furthest))
            }
            _ if self.found.len() == 1 => "one combination alone can't be compared with others".into(),
            _ => "all combinations gave the same pixels".into(),
        }
    }

    pub fn pictures(self) -> Vec<Picture> {
        self.pictures
    }
}

fn result(output: &Path, index: usize) -> PathBuf {
    output.join("results").join(numbered_name(index, Format::Png.extension()))
}

fn unreadable(error: codec::CodecError) -> Trouble {
    Trouble::Run(format!("a result can't be read again: {error}"))
}

/// `1 level`, `0.5 levels`.
fn levels(count: f64) -> String {
    let count = (count * 1000.0).round() / 1000.0;
    format!("{count} level{}", if count == 1.0 { "" } else { "s" })
}
