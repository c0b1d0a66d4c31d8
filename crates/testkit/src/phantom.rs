//! Pictures of nobody: soft ellipses, noise, and the word TEST burned in, so that codecs and eyes meet something like
//! an image and no one takes it for a patient's.

/// A grey picture under construction; coordinates run from -1 to 1 in both directions.
#[derive(Clone, Debug)]
pub struct Canvas {
    /// Rows (0028,0010).
    pub rows: usize,
    /// Columns (0028,0011).
    pub columns: usize,
    values: Vec<f32>,
}

/// An ellipse: centre, radii, rotation in radians, and the value it paints.
#[derive(Clone, Copy, Debug)]
pub struct Ellipse {
    /// Centre, x to the right.
    pub x: f32,
    /// Centre, y downwards.
    pub y: f32,
    /// Radius across.
    pub rx: f32,
    /// Radius along.
    pub ry: f32,
    /// Rotation.
    pub turn: f32,
    /// Grey value.
    pub value: f32,
}

/// An upright ellipse.
pub fn ellipse(x: f32, y: f32, rx: f32, ry: f32, value: f32) -> Ellipse {
    Ellipse { x, y, rx, ry, turn: 0.0, value }
}

impl Canvas {
    /// A picture of one value.
    pub fn new(rows: usize, columns: usize, value: f32) -> Self {
        Canvas { rows, columns, values: vec![value; rows * columns] }
    }

    /// Paints over what is there, with an edge `soft` wide (in units of the radius).
    pub fn paint(&mut self, shape: Ellipse, soft: f32) -> &mut Self {
        self.shade(shape, soft, |old, new, alpha| old + (new - old) * alpha)
    }

    /// Adds to what is there: a glow.
    pub fn glow(&mut self, shape: Ellipse) -> &mut Self {
        self.shade(shape, 1.0, |old, new, alpha| old + new * alpha * alpha)
    }

    fn shade(&mut self, shape: Ellipse, soft: f32, mix: impl Fn(f32, f32, f32) -> f32) -> &mut Self {
        let (sin, cos) = shape.turn.sin_cos();
        let reach = shape.rx.max(shape.ry);
        let row_of = |v: f32| ((v + 1.0) * 0.5 * self.rows as f32).clamp(0.0, self.rows as f32) as usize;
        let column_of = |v: f32| ((v + 1.0) * 0.5 * self.columns as f32).clamp(0.0, self.columns as f32) as usize;
        let (top, bottom) = (row_of(shape.y - reach), row_of(shape.y + reach));
        let (left, right) = (column_of(shape.x - reach), column_of(shape.x + reach));
        let soft = soft.max(0.01);
        for row in top..bottom {
            let dy = (row as f32 + 0.5) * 2.0 / self.rows as f32 - 1.0 - shape.y;
            let line = &mut self.values[row * self.columns + left..row * self.columns + right];
            for (column, value) in line.iter_mut().enumerate() {
                let dx = ((left + column) as f32 + 0.5) * 2.0 / self.columns as f32 - 1.0 - shape.x;
                let (u, v) = ((dx * cos + dy * sin) / shape.rx, (dy * cos - dx * sin) / shape.ry);
                let distance = (u * u + v * v).sqrt();
                if distance < 1.0 {
                    *value = mix(*value, shape.value, ((1.0 - distance) / soft).min(1.0));
                }
            }
        }
        self
    }

    /// Adds noise of about `sigma`, the same for the same `seed`.
    pub fn noise(&mut self, sigma: f32, seed: u64) -> &mut Self {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for value in &mut self.values {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Four bytes summed are near enough to a bell: mean 510, deviation about 148.
            let sum = state.to_le_bytes()[..4].iter().map(|b| u32::from(*b)).sum::<u32>();
            *value += (sum as f32 - 510.0) / 148.0 * sigma;
        }
        self
    }

    /// Burns TEST into the upper left corner.
    pub fn stamp(&mut self, value: f32) -> &mut Self {
        const GLYPHS: [[u8; 7]; 4] = [
            [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100],
            [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111],
            [0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110],
            [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100],
        ];
        let scale = (self.columns / 128).max(1);
        for (letter, glyph) in GLYPHS.iter().enumerate() {
            for (y, bits) in glyph.iter().enumerate() {
                for x in (0..5).filter(|x| bits & (0b10000 >> x) != 0) {
                    self.block(scale * (4 + y), scale * (4 + letter * 6 + x), scale, value);
                }
            }
        }
        self
    }

    fn block(&mut self, row: usize, column: usize, size: usize, value: f32) {
        for y in row..(row + size).min(self.rows) {
            let end = (column + size).min(self.columns);
            self.values[y * self.columns + column.min(end)..y * self.columns + end].fill(value);
        }
    }

    /// Little-endian 16-bit samples, moved by `offset` and clipped to `bits`.
    pub fn samples16(&self, bits: u32, offset: f32) -> Vec<u8> {
        let max = ((1u32 << bits) - 1) as f32;
        self.values.iter().flat_map(|v| ((v + offset).clamp(0.0, max) as u16).to_le_bytes()).collect()
    }

    /// 8-bit samples.
    pub fn samples8(&self) -> Vec<u8> {
        self.values.iter().map(|v| v.clamp(0.0, 255.0) as u8).collect()
    }

    /// 8-bit colour samples, by pixel: the picture tinted.
    pub fn rgb(&self, tint: [f32; 3]) -> Vec<u8> {
        self.values.iter().flat_map(|v| tint.map(|t| (v * t).clamp(0.0, 255.0) as u8)).collect()
    }
}

/// A slice of a trunk, stored value = HU + 1024; `t` runs from 0 (top) to 1.
pub fn ct_slice(size: usize, t: f32, seed: u64) -> Canvas {
    let mut c = Canvas::new(size, size, 0.0);
    let lung = (1.0 - (t - 0.4).abs() * 1.6).max(0.0);
    c.paint(ellipse(0.0, 0.05, 0.82, 0.60, 930.0), 0.03).paint(ellipse(0.0, 0.05, 0.76, 0.54, 1075.0), 0.03);
    for side in [-1.0, 1.0] {
        c.paint(ellipse(side * 0.36, 0.0, 0.27 * lung, 0.40 * lung, 170.0), 0.05);
        for k in 0..6 {
            let a = 0.5 + k as f32 * 0.42 + t;
            c.paint(ellipse(side * 0.73 * a.sin().abs(), 0.05 + 0.51 * a.cos(), 0.035, 0.02, 1500.0), 0.4);
        }
        for k in 0..5 {
            let (x, y) = (side * (0.25 + 0.05 * k as f32), -0.2 + 0.1 * k as f32 + 0.05 * (t * 20.0 + k as f32).sin());
            c.paint(ellipse(x, y, 0.012 * lung, 0.012 * lung, 900.0), 0.6);
        }
    }
    c.paint(ellipse(0.08, -0.08, 0.22 * lung.max(0.2), 0.2 * lung.max(0.2), 1085.0), 0.05);
    c.paint(ellipse(-0.3, 0.0, 0.34 * (1.0 - lung), 0.3 * (1.0 - lung), 1125.0), 0.05);
    c.paint(ellipse(-0.09, 0.28, 0.06, 0.06, 1160.0), 0.1).paint(ellipse(0.0, 0.40, 0.1, 0.09, 1450.0), 0.1);
    c.paint(ellipse(0.0, 0.48, 0.04, 0.035, 1045.0), 0.1).noise(16.0, seed);
    c.stamp(1300.0);
    c
}

/// A slice of a head; `t` runs from 0 (base) to 1.
pub fn mr_slice(size: usize, t: f32, seed: u64) -> Canvas {
    let r = (1.0 - (2.0 * t - 0.9).powi(2) * 0.7).max(0.1).sqrt();
    let mut c = Canvas::new(size, size, 8.0);
    c.paint(ellipse(0.0, 0.0, 0.74 * r, 0.92 * r, 620.0), 0.04)
        .paint(ellipse(0.0, 0.0, 0.70 * r, 0.88 * r, 60.0), 0.04);
    c.paint(ellipse(0.0, 0.0, 0.65 * r, 0.82 * r, 430.0), 0.05)
        .paint(ellipse(0.0, 0.0, 0.54 * r, 0.70 * r, 560.0), 0.3);
    for side in [-1.0, 1.0] {
        let turn = side * 0.35;
        c.paint(Ellipse { x: side * 0.11 * r, y: -0.06, rx: 0.07 * r, ry: 0.24 * r, turn, value: 120.0 }, 0.3);
        c.paint(ellipse(side * 0.24 * r, 0.06, 0.09 * r, 0.13 * r, 470.0), 0.3);
        for k in 0..7 {
            let a = 0.45 * k as f32 + 0.2 + t;
            c.paint(ellipse(side * 0.6 * r * a.sin().abs(), 0.77 * r * a.cos(), 0.03, 0.06, 180.0), 0.9);
        }
    }
    c.paint(ellipse(0.0, 0.0, 0.012, 0.8 * r, 200.0), 0.8).noise(14.0, seed);
    c.stamp(900.0);
    c
}

/// A chest radiograph, bright where dense.
pub fn chest(rows: usize, columns: usize, lateral: bool, seed: u64) -> Canvas {
    let mut c = Canvas::new(rows, columns, 300.0);
    let squeeze = if lateral { 0.75 } else { 1.0 };
    c.paint(ellipse(0.0, 0.35, 0.9 * squeeze, 1.25, 2100.0), 0.25);
    let sides: &[f32] = if lateral { &[0.0] } else { &[-1.0, 1.0] };
    for side in sides {
        c.paint(ellipse(side * 0.4, -0.02, 0.34, 0.66, 900.0), 0.25);
        for k in 0..9 {
            let y = -0.6 + 0.14 * k as f32;
            c.glow(Ellipse { x: side * 0.42, y, rx: 0.42, ry: 0.035, turn: side * 0.28, value: 420.0 });
        }
    }
    c.paint(ellipse(0.1, 0.32, 0.3 * squeeze, 0.3, 2350.0), 0.35).glow(ellipse(0.0, 0.0, 0.09, 1.0, 700.0));
    c.glow(ellipse(0.1, 0.95, 0.9, 0.45, 900.0)).noise(22.0, seed);
    c.stamp(3600.0);
    c
}

/// A mammogram: the breast at the left or right edge.
pub fn mammogram(rows: usize, columns: usize, left: bool, seed: u64) -> Canvas {
    let side = if left { -1.0 } else { 1.0 };
    let mut c = Canvas::new(rows, columns, 40.0);
    c.paint(ellipse(side, 0.05, 1.35, 0.78, 1500.0), 0.2);
    for k in 0..14 {
        let a = k as f32 * 1.7 + seed as f32;
        let (x, y) = (side * (0.55 + 0.3 * a.sin()), 0.05 + 0.4 * (a * 1.3).cos());
        c.glow(Ellipse { x, y, rx: 0.3, ry: 0.09, turn: a, value: 700.0 });
    }
    c.glow(ellipse(side * 0.3, 0.0, 0.04, 0.03, 900.0)).noise(16.0, seed);
    c
}

/// An ultrasound sector; `beat` runs from 0 to 1 over one heart beat.
pub fn ultrasound(rows: usize, columns: usize, beat: f32, seed: u64) -> Canvas {
    let mut c = Canvas::new(rows, columns, 110.0);
    let open = 1.0 + 0.18 * (beat * std::f32::consts::TAU).sin();
    c.paint(ellipse(-0.14, 0.15, 0.2 * open, 0.34 * open, 20.0), 0.15);
    c.paint(ellipse(0.2, 0.1, 0.14 * open, 0.26 * open, 24.0), 0.15).paint(ellipse(0.03, 0.1, 0.04, 0.5, 190.0), 0.5);
    c.paint(ellipse(-0.1, 0.62, 0.24, 0.16 * open, 24.0), 0.2).noise(34.0, seed);
    let (rows_f, columns_f) = (rows as f32, columns as f32);
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = ((column as f32 / columns_f - 0.5) * 1.34, row as f32 / rows_f + 0.02);
            let outside = (x.abs() > y * 0.8) || (x * x + y * y) > 0.96 || y < 0.05;
            if outside {
                c.values[row * columns + column] = 0.0;
            }
        }
    }
    c.stamp(230.0);
    c
}

/// A whole-body scintigram: counts.
pub fn bone_scan(rows: usize, columns: usize, posterior: bool, seed: u64) -> Canvas {
    let mut c = Canvas::new(rows, columns, 1.0);
    c.glow(ellipse(0.0, -0.85, 0.16, 0.11, 60.0)).glow(ellipse(0.0, -0.2, 0.34, 0.5, 26.0));
    c.glow(ellipse(0.0, -0.3, 0.05, 0.45, if posterior { 120.0 } else { 60.0 }))
        .glow(ellipse(0.0, 0.12, 0.3, 0.1, 80.0));
    for side in [-1.0, 1.0] {
        c.glow(ellipse(side * 0.16, 0.5, 0.07, 0.45, 34.0)).glow(ellipse(side * 0.16, 0.47, 0.05, 0.04, 50.0));
        c.glow(ellipse(side * 0.42, -0.3, 0.05, 0.4, 24.0));
        for k in 0..6 {
            c.glow(ellipse(side * 0.18, -0.55 + 0.08 * k as f32, 0.16, 0.02, 26.0));
        }
    }
    c.glow(ellipse(0.02, 0.18, 0.05, 0.03, if posterior { 20.0 } else { 160.0 })).noise(3.0, seed);
    c
}

/// A PET slice: activity.
pub fn pet_slice(size: usize, t: f32, seed: u64) -> Canvas {
    let mut c = Canvas::new(size, size, 20.0);
    c.glow(ellipse(0.0, 0.0, 0.7, 0.5, 900.0));
    if t < 0.25 {
        c.glow(ellipse(0.0, 0.0, 0.4, 0.45, 9000.0));
    }
    if (0.3..0.55).contains(&t) {
        c.glow(ellipse(0.12, -0.1, 0.2, 0.18, 6000.0)).glow(ellipse(-0.38, 0.06, 0.06, 0.06, 14000.0));
    }
    c.glow(ellipse(-0.25, 0.1, 0.25, 0.25, 1600.0)).noise(60.0, seed);
    c
}

/// A bone densitometry report page: a spine beside bars.
pub fn densitometry(rows: usize, columns: usize, seed: u64) -> Canvas {
    let mut c = Canvas::new(rows, columns, 235.0);
    c.paint(ellipse(-0.5, 0.0, 0.4, 0.9, 40.0), 0.02);
    for k in 0..5 {
        c.paint(ellipse(-0.5, -0.56 + 0.28 * k as f32, 0.15, 0.11, 205.0), 0.3);
    }
    for (k, value) in [90.0, 150.0, 200.0].into_iter().enumerate() {
        c.paint(ellipse(0.45, -0.4 + 0.4 * k as f32, 0.4, 0.14, value), 0.02);
    }
    c.noise(2.0, seed).stamp(10.0);
    c
}
