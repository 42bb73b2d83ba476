//! Charts as PNG files (`spec/admin-and-monitoring.md` 8.4).

mod axis;
mod canvas;
mod font;

use crate::{Axis, ChartId, Charts, Join, NO_DATA, Range, SAMPLES};
use axis::{Scale, time_label};
use canvas::{Canvas, Colour};

/// Left of the plot: labels.
const LEFT: usize = 43;
const TOP: usize = 6;
/// What a picture is wider and higher than its plot.
const BORDER: (usize, usize) = (50, 20);
/// Between two lines of the grid.
const GRID: usize = 20;

/// A chart as a PNG file, one column of pixels for a slot, the newest at the right. `size` is width and height, taken to the
/// nearest that is possible; none, or zeros, is 1000×120. What is no chart is a single transparent pixel.
pub fn picture(charts: &Charts, id: Option<ChartId>, size: Option<(u16, u16)>) -> Vec<u8> {
    let Some(chart) = id.map(|id| Chart::new(charts, id)) else {
        return Canvas::new(1, 1).png();
    };
    let (width, height) = match size {
        None | Some((0, 0)) => (1000, 120),
        Some((width, height)) => (width.into(), height.into()),
    };
    let columns = width.clamp(150, SAMPLES + BORDER.0) - BORDER.0;
    let rows = (height.clamp(120, 1020) - BORDER.1) / GRID * GRID;
    let mut canvas = Canvas::new(columns + BORDER.0, rows + BORDER.1);
    chart.draw(&mut canvas, columns, rows);
    canvas.png()
}

/// What is drawn: one series, or one over another.
struct Chart<'a> {
    charts: &'a Charts,
    range: Range,
    axis: Axis,
    /// Minutes that a sample stands for.
    minutes: u32,
    bottom: usize,
    top: Option<(usize, bool)>,
}

/// Heights of the lower and the upper layer of a column.
type Column = Option<(f64, f64)>;

impl<'a> Chart<'a> {
    fn new(charts: &'a Charts, id: ChartId) -> Chart<'a> {
        let table = charts.table();
        let (bottom, top, range) = match id {
            ChartId::Series(series, range) => (series, None, range),
            ChartId::Combined(number, range) => {
                let combined = table.combined[number];
                (combined.layers[1], Some((combined.layers[0], combined.above)), range)
            }
        };
        let series = table.series[bottom];
        let minutes = if series.join == Join::Max { 1 } else { range.minutes() };
        Chart { charts, range, axis: series.axis, minutes, bottom, top }
    }

    fn value(&self, series: usize, back: usize) -> Option<f64> {
        let sample = self.charts.sample(series, self.range, back);
        (sample != NO_DATA).then(|| self.axis.value(sample, self.minutes))
    }

    fn column(&self, back: usize) -> Column {
        let low = self.value(self.bottom, back);
        let Some((top, above)) = self.top else { return Some((low?, 0.0)) };
        let high = self.value(top, back);
        if low.is_none() && high.is_none() {
            return None;
        }
        let (low, high) = (low.unwrap_or(0.0), high.unwrap_or(0.0));
        Some((low, if above { (high - low).max(0.0) } else { high }))
    }

    fn draw(&self, canvas: &mut Canvas, columns: usize, rows: usize) {
        let values: Vec<Column> = (0..columns).map(|back| self.column(back)).collect();
        let highest = values.iter().flatten().map(|(low, high)| low + high).fold(0.0, f64::max);
        let scale = Scale::for_values(highest, rows / GRID);
        for (back, value) in values.iter().enumerate() {
            self.draw_column(canvas, LEFT + columns - 1 - back, rows, *value, &scale);
        }
        let bottom = TOP + rows;
        for line in 0..=rows / GRID {
            let y = bottom - line * GRID;
            let colour = if line == 0 { Colour::Axis } else { Colour::Grid };
            canvas.horizontal(LEFT, LEFT + columns, y, colour);
            let label = scale.label(line, self.axis == Axis::Percent);
            canvas.text_right(LEFT - 3, y.saturating_sub(3), &label);
        }
        canvas.vertical(LEFT - 1, TOP, bottom + 1, Colour::Axis);
        for back in 0..columns {
            if let Some(label) = time_label(self.charts.newest_slot(self.range), back, self.range) {
                let x = LEFT + columns - 1 - back;
                canvas.vertical(x, bottom, bottom + 3, Colour::Axis);
                canvas.text_centred(x, bottom + 5, &label, LEFT, LEFT + columns);
            }
        }
    }

    fn draw_column(&self, canvas: &mut Canvas, x: usize, rows: usize, value: Column, scale: &Scale) {
        let Some((low, high)) = value else {
            // Diagonals of dots: nothing is known.
            (0..rows)
                .filter(|y| (x + y).is_multiple_of(3))
                .for_each(|y| canvas.dot(x, TOP + y, Colour::Unknown));
            return;
        };
        let pixels = |value: f64| (scale.share(value) * rows as f64).round() as usize;
        let (low, all) = (pixels(low), pixels(low + high));
        let bottom = TOP + rows;
        canvas.vertical(x, bottom - all, bottom - low, Colour::Upper);
        canvas.vertical(x, bottom - low, bottom, Colour::Lower);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MASTER;

    fn size_of(png: &[u8]) -> (u32, u32) {
        let reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let info = reader.info();
        assert_eq!(info.color_type, png::ColorType::Indexed);
        (info.width, info.height)
    }

    fn charts() -> Charts {
        let mut charts = Charts::new(MASTER);
        for minute in 0..300 {
            if minute % 50 > 5 {
                charts.add(29_000_000 + minute, &[u64::from(minute) * 10_000; 38]);
            }
        }
        charts
    }

    #[test]
    fn sizes() {
        let charts = charts();
        for (asked, made) in [
            (None, (1000, 120)),
            (Some((0, 0)), (1000, 120)),
            (Some((1, 1)), (150, 120)),
            (Some((800, 199)), (800, 180)),
            (Some((u16::MAX, u16::MAX)), (4146, 1020)),
        ] {
            for id in [0, 1001, 1020, 203] {
                let png = picture(&charts, ChartId::parse(id, MASTER), asked);
                assert_eq!(size_of(&png), made, "{asked:?} of {id}");
            }
        }
        assert_eq!(size_of(&picture(&charts, None, None)), (1, 1));
        assert_eq!(size_of(&picture(&Charts::new(MASTER), ChartId::parse(3, MASTER), None)), (1000, 120));
    }

    #[test]
    fn columns_are_as_high_as_their_values() {
        let mut charts = Charts::new(MASTER);
        for (minute, deletes) in [(100, 10), (101, 0), (103, 5)] {
            charts.add(minute, &[deletes; 38]);
        }
        let chart = Chart::new(&charts, ChartId::parse(20, MASTER).unwrap());
        let mut canvas = Canvas::new(150, 120);
        chart.draw(&mut canvas, 100, 100);
        let height =
            |back: usize| (0..100).filter(|y| canvas.at(142 - back, TOP + y) == Colour::Lower).count();
        assert_eq!((height(0), height(2), height(3)), (50 - 2, 0, 100 - 5), "less the lines of the grid");
        assert!((0..100).any(|y| canvas.at(141, TOP + y) == Colour::Unknown));
    }
}
