//! Framed tables for people: cells that span lines and columns, and the lines between them.

use crate::table::{Align, Audience, Cell, Color, Table};

/// A cell in a drawing. Lines without a cell are separators.
#[derive(Debug, Clone)]
struct Area {
    /// First line, and the one behind the last.
    lines: (usize, usize),
    /// First column, and the one behind the last.
    columns: (usize, usize),
    text: String,
    align: Align,
    color: Option<Color>,
}

/// A drawing: columns of text lines and separators. Text stands in the middle line of its cell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grid {
    columns: usize,
    lines: usize,
    areas: Vec<Area>,
}

/// Characters for frames, by what meets: bit 0 up, 1 down, 2 left, 3 right.
const FRAMES: [[char; 16]; 4] = [
    [' ', '|', '|', '|', '-', '+', '+', '+', '-', '+', '+', '+', '-', '+', '+', '+'],
    [' ', '╹', '╻', '┃', '╸', '┛', '┓', '┫', '╺', '┗', '┏', '┣', '━', '┻', '┳', '╋'],
    [' ', '╵', '╷', '│', '╴', '┘', '┐', '┤', '╶', '└', '┌', '├', '─', '┴', '┬', '┼'],
    [' ', '║', '║', '║', '═', '╝', '╗', '╣', '═', '╚', '╔', '╠', '═', '╩', '╦', '╬'],
];

impl Grid {
    /// With so many columns, and the separator at the top.
    pub(crate) fn new(columns: usize) -> Grid {
        Grid { columns, lines: 1, areas: Vec::new() }
    }

    /// A line that is one cell; then a separator.
    pub(crate) fn banner(&mut self, text: &str) {
        self.put(self.lines, (0, self.columns), &Cell::text(text), Align::Center);
        self.lines += 2;
    }

    /// A row of cells, without a separator behind it.
    pub(crate) fn row<'a>(&mut self, cells: impl Iterator<Item = (&'a Cell, Align)>) {
        let line = self.lines;
        for (i, (cell, align)) in cells.enumerate() {
            self.put(line, (i, i + 1), cell, align);
        }
        self.lines += 1;
    }

    /// A separator.
    pub(crate) fn separator(&mut self) {
        self.lines += 1;
    }

    fn put(&mut self, line: usize, columns: (usize, usize), cell: &Cell, align: Align) {
        self.area((line, line + 1), columns, &cell.shown, align, cell.color);
    }

    fn area(
        &mut self,
        lines: (usize, usize),
        columns: (usize, usize),
        text: &str,
        align: Align,
        color: Option<Color>,
    ) {
        // Names come from anybody who mounts; a terminal shall not obey them.
        let text = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        self.areas.push(Area { lines, columns, text, align, color });
    }

    /// Headings of columns, from the outermost to their own: equal neighbours are one. Then a separator.
    pub(crate) fn heads(&mut self, columns: &[&[String]]) {
        let depth = columns.iter().map(|heads| heads.len()).max().unwrap_or(0);
        if depth == 0 {
            return;
        }
        let top = self.lines;
        self.lines += 2 * depth - 1;
        self.heads_below(columns, 0, 0, (top, self.lines));
        self.lines += 1;
    }

    /// Headings at `level` of columns from `first` on, in these lines.
    fn heads_below(&mut self, columns: &[&[String]], level: usize, first: usize, lines: (usize, usize)) {
        let mut start = 0;
        while start < columns.len() {
            let head = &columns[start][level];
            // A heading that is repeated to the end reaches down to there.
            let leaf = |heads: &[String]| heads[level..].iter().all(|below| below == head);
            let same = |heads: &&&[String]| heads.get(level) == Some(head) && !leaf(heads);
            let alone = leaf(columns[start]);
            let count = if alone { 1 } else { columns[start..].iter().take_while(same).count() };
            let group = &columns[start..start + count];
            let depth = |heads: &&[String]| heads.len() - level - 1;
            let deeper = if alone { 0 } else { group.iter().map(depth).max().unwrap_or(0) };
            // What is below takes a line for each level and one between; and a separator above.
            let end = if deeper == 0 { lines.1 } else { lines.1 - 2 * deeper };
            let across = (first + start, first + start + count);
            self.area((lines.0, end), across, head, Align::Center, None);
            if deeper > 0 {
                self.heads_below(group, level + 1, first + start, (end + 1, lines.1));
            }
            start += count;
        }
    }

    /// Widths of columns: of their own cells; cells across several push them apart evenly.
    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.columns];
        let mut across: Vec<&Area> = self.areas.iter().collect();
        across.sort_by_key(|area| area.columns.1 - area.columns.0);
        for area in across {
            let count = area.columns.1 - area.columns.0;
            let own = &mut widths[area.columns.0..area.columns.1];
            let has: usize = own.iter().sum::<usize>() + 3 * (count - 1);
            let more = area.text.chars().count().saturating_sub(has).div_ceil(count);
            own.iter_mut().for_each(|width| *width += more);
        }
        widths
    }

    /// The drawing with one of the four sets of frames.
    pub(crate) fn render(&self, frames: usize) -> String {
        let widths = self.widths();
        let mut owners = vec![vec![None; self.columns]; self.lines];
        for (id, area) in self.areas.iter().enumerate() {
            for line in owners.iter_mut().take(area.lines.1).skip(area.lines.0) {
                line[area.columns.0..area.columns.1].fill(Some(id));
            }
        }
        let mut text = String::new();
        for line in 0..self.lines {
            let mut column = 0;
            while column < self.columns {
                text.push(FRAMES[frames][self.corner(&owners, line, column)]);
                column += match owners[line][column] {
                    None => {
                        text.extend(std::iter::repeat_n(FRAMES[frames][0b1100], widths[column] + 2));
                        1
                    }
                    Some(id) => {
                        let Area { columns, .. } = &self.areas[id];
                        let count = columns.1 - columns.0;
                        let width = widths[columns.0..columns.1].iter().sum::<usize>() + 3 * (count - 1);
                        text += &self.areas[id].on_line(line, width);
                        count
                    }
                };
            }
            text.push(FRAMES[frames][self.corner(&owners, line, self.columns)]);
            text.push('\n');
        }
        text
    }

    /// What meets to the left of a column, as bits.
    fn corner(&self, owners: &[Vec<Option<usize>>], line: usize, column: usize) -> usize {
        let owner = |line: usize, column: Option<usize>| {
            column.and_then(|column| owners.get(line).and_then(|row| row.get(column))).copied()
        };
        let (left, right) = (owner(line, column.checked_sub(1)), owner(line, Some(column)));
        let separator = |side: Option<Option<usize>>| side == Some(None);
        // A wall stands between two different cells, and at the edges.
        let wall = |line: Option<usize>| {
            let Some(line) = line.filter(|line| *line < self.lines) else { return false };
            let (left, right) = (owner(line, column.checked_sub(1)), owner(line, Some(column)));
            !(separator(left) && separator(right)) && left != right
        };
        // Beside a cell the wall goes on; between separators it is what is above and below that counts.
        let flat = |side: Option<Option<usize>>| side.is_none_or(|owner| owner.is_none());
        let (up, down) = if flat(left) && flat(right) {
            (wall(line.checked_sub(1)), wall(Some(line + 1)))
        } else {
            (true, true)
        };
        usize::from(up)
            | usize::from(down) << 1
            | usize::from(separator(left)) << 2
            | usize::from(separator(right)) << 3
    }
}

impl Area {
    /// What is seen of it on a line.
    fn on_line(&self, line: usize, width: usize) -> String {
        let middle = (self.lines.0 + self.lines.1 - 1) / 2;
        let text = if line == middle { self.text.as_str() } else { "" };
        let padded = match self.align {
            Align::Left => format!("{text:<width$}"),
            Align::Center => {
                // Where one blank is left over, stock puts it in front in columns of odd width.
                let blanks = width.saturating_sub(text.chars().count());
                let front = blanks / 2 + (blanks & width & 1);
                format!("{:front$}{text}{:rest$}", "", "", rest = blanks - front)
            }
            Align::Right => format!("{text:>width$}"),
        };
        match self.color.filter(|_| line == middle) {
            Some(color) => format!("\x1b[{}m {padded} \x1b[0m", code(color)),
            None => format!(" {padded} "),
        }
    }
}

fn code(color: Color) -> u8 {
    match color {
        Color::Red | Color::Orange => 31,
        Color::Green => 32,
        Color::Yellow => 33,
        Color::Blue => 34,
        Color::Magenta => 35,
        Color::Cyan => 36,
    }
}

impl Table {
    /// As people see it.
    pub(crate) fn grid(&self) -> Grid {
        let shown: Vec<usize> =
            (0..self.columns.len()).filter(|i| self.columns[*i].audience != Audience::Scripts).collect();
        let mut grid = Grid::new(shown.len());
        grid.banner(&self.title);
        if !self.no_heads {
            let heads: Vec<&[String]> = shown.iter().map(|i| self.columns[*i].heads.as_slice()).collect();
            grid.heads(&heads);
        }
        for (part, rows) in [&self.rows, &self.totals].into_iter().enumerate() {
            if part == 1 && !rows.is_empty() {
                grid.separator();
            }
            for row in rows {
                grid.row(shown.iter().map(|i| (&row[*i], self.columns[*i].align)));
            }
        }
        if self.rows.is_empty() {
            grid.banner("no data");
        } else {
            grid.separator();
        }
        grid
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::column;

    #[test]
    fn heads_over_several_lines() {
        let columns = vec![
            column("range", &["ip range", "from"]),
            column("to", &["ip range", "to"]),
            column("path", &["path"]).left(),
            column("uid", &["root and all", "map users", "uid"]),
        ];
        let mut table = Table::new("exports", "Exports", columns);
        table.rows.push(["0.0.0.0", "255.255.255.255", "/", "0"].map(Cell::text).to_vec());
        let drawn = table.grid().render(0);
        let lines: Vec<&str> = drawn.lines().collect();
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{drawn}");
        assert_eq!(
            &lines[3..9],
            [
                "|                           |      | root and all |",
                "|          ip range         |      +--------------+",
                "|                           | path |  map users   |",
                "+---------+-----------------+      +--------------+",
                "|   from  |        to       |      |     uid      |",
                "+---------+-----------------+------+--------------+",
            ],
            "{drawn}"
        );
    }

    #[test]
    fn an_empty_table_and_other_frames() {
        let table =
            Table::new("disks", "Disks", vec![column("path", &["pa\x1bth"]), column("chunks", &["chunks"])]);
        assert_eq!(
            table.grid().render(1),
            "┏━━━━━━━━━━━━━━━━┓\n┃     Disks      ┃\n┣━━━━━━━┳━━━━━━━━┫\n┃ pa?th ┃ chunks ┃\n┣━━━━━━━┻━━━━━━━━┫\n┃    no data     ┃\n┗━━━━━━━━━━━━━━━━┛\n"
        );
    }
}
