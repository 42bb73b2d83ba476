//! A picture with a palette.

use super::font::{self, HEIGHT, WIDTH};

/// The colours of a picture. They are told apart on white and on black.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Colour {
    /// Transparent.
    Background = 0,
    Axis,
    Grid,
    Text,
    Unknown,
    Lower,
    Upper,
}

const COLOURS: [(Colour, [u8; 3]); 7] = [
    (Colour::Background, [255, 255, 255]),
    (Colour::Axis, [120, 120, 120]),
    (Colour::Grid, [190, 190, 190]),
    (Colour::Text, [110, 110, 110]),
    (Colour::Unknown, [200, 200, 200]),
    (Colour::Lower, [38, 132, 180]),
    (Colour::Upper, [240, 160, 48]),
];

/// Pixels, row by row, each a colour's number.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Canvas {
        Canvas { width, height, pixels: vec![Colour::Background as u8; width * height] }
    }

    /// Colours a pixel, if it is inside.
    pub(super) fn dot(&mut self, x: usize, y: usize, colour: Colour) {
        if x < self.width && y < self.height {
            self.pixels[y * self.width + x] = colour as u8;
        }
    }

    pub(super) fn horizontal(&mut self, from: usize, to: usize, y: usize, colour: Colour) {
        (from..to).for_each(|x| self.dot(x, y, colour));
    }

    pub(super) fn vertical(&mut self, x: usize, from: usize, to: usize, colour: Colour) {
        (from..to).for_each(|y| self.dot(x, y, colour));
    }

    fn text(&mut self, left: usize, top: usize, text: &str) {
        for (n, character) in text.chars().enumerate() {
            for (x, y) in font::dots(character) {
                self.dot(left + n * WIDTH + x, top + y, Colour::Text);
            }
        }
    }

    /// Text that ends at `right`.
    pub(super) fn text_right(&mut self, right: usize, top: usize, text: &str) {
        self.text(right.saturating_sub(text.len() * WIDTH), top, text);
    }

    /// Text around `x`, if it stays between `from` and `to`.
    pub(super) fn text_centred(&mut self, x: usize, top: usize, text: &str, from: usize, to: usize) {
        let half = text.len() * WIDTH / 2;
        if x >= from + half && x + half <= to && top + HEIGHT <= self.height {
            self.text(x - half, top, text);
        }
    }

    /// The PNG file.
    pub(super) fn png(&self) -> Vec<u8> {
        let mut palette = vec![0; 3 * 256];
        for (colour, rgb) in COLOURS {
            palette[3 * colour as usize..][..3].copy_from_slice(&rgb);
        }
        let mut out = Vec::new();
        let (width, height) = (self.width as u32, self.height as u32);
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette);
        encoder.set_trns(vec![0]);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&self.pixels)?;
            writer.finish()
        });
        written.expect("sizes fit, and memory takes every write");
        out
    }

    #[cfg(test)]
    pub(super) fn at(&self, x: usize, y: usize) -> Colour {
        let number = self.pixels[y * self.width + x];
        COLOURS.iter().find(|(colour, _)| *colour as u8 == number).unwrap().0
    }
}
