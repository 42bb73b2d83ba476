//! How many chunks have how many copies.

use super::Blocks;
use crate::frames::Grid;
use crate::options::Set;
use crate::source::Source;
use crate::table::{Align, Block, Cell, Color};
use proto::info::{ChunksMatrix, ChunksMatrixReply, Matrix, MatrixForm};
use serde_json::{Value, json};

/// Goals 0 to 10 or more, copies 0 to 10 or more.
const SIZE: usize = 11;
const CLASSES: [(&str, Color); 7] = [
    ("missing", Color::Red),
    ("endangered", Color::Orange),
    ("undergoal", Color::Yellow),
    ("stable", Color::Green),
    ("overgoal", Color::Cyan),
    ("pending deletion", Color::Blue),
    ("to be removed", Color::Magenta),
];

/// Which class chunks of a goal with so many copies are.
fn class(goal: usize, copies: usize) -> usize {
    match (goal, copies) {
        (0, 0) => 6,
        (0, _) => 5,
        (_, 0) => 0,
        _ if copies > goal => 4,
        _ if copies == goal => 3,
        (_, 1) => 1,
        _ => 2,
    }
}

/// `IC`
pub(super) fn chunks(source: &mut Source, set: &Set) -> Blocks {
    let reply: ChunksMatrixReply<'_> = source.ask(&ChunksMatrix { matrix: None })?;
    let (progress, matrices) = match reply.matrix {
        MatrixForm::Both(progress, both) => (progress, both),
        MatrixForm::One(one) => (0, one),
    };
    let which = usize::from(set.mode == 1);
    let Some(matrix) = matrices.iter().nth(which) else { return Ok(Vec::new()) };
    let mut sums = [0_u64; CLASSES.len()];
    for (goal, copies, n) in cells(&matrix) {
        sums[class(goal, copies)] += u64::from(n);
    }
    let name = ["all", "regular"][which];
    let title = format!("{name} chunks matrix:");
    let found = cells(&matrix).filter(|(_, _, n)| *n > 0);
    let mut plain: Vec<Vec<String>> = found
        .clone()
        .map(|(goal, copies, n)| {
            vec![title.clone(), "goal/copies/chunks:".into(), or_more(goal), or_more(copies), n.to_string()]
        })
        .collect();
    for ((class, _), sum) in CLASSES.iter().zip(sums) {
        plain.push(vec![title.clone(), format!("chunkclass {class}:"), sum.to_string()]);
    }
    let counts: Vec<Value> =
        found.map(|(goal, copies, n)| json!({ "goal": goal, "copies": copies, "chunks": n })).collect();
    let classes: serde_json::Map<String, Value> =
        CLASSES.iter().zip(sums).map(|((class, _), sum)| (class.replace(' ', "_"), sum.into())).collect();
    let json = json!({ "matrix": name, "final": progress == 0, "counts": counts, "classes": classes });
    let drawing = Some(draw(which, &matrix, &sums, progress));
    Ok(vec![Block::Facts { plain, tables: Vec::new(), drawing, json }])
}

/// Goal, copies and chunks of every place.
fn cells(matrix: &Matrix) -> impl Iterator<Item = (usize, usize, u32)> + Clone + '_ {
    matrix.iter().enumerate().map(|(i, n)| (i / SIZE, i % SIZE, *n))
}

fn or_more(n: usize) -> String {
    if n + 1 == SIZE { "10+".into() } else { n.to_string() }
}

fn draw(which: usize, matrix: &Matrix, sums: &[u64; CLASSES.len()], progress: u8) -> Grid {
    let mut grid = Grid::new(SIZE + 2);
    grid.banner(["All chunks state matrix", "Regular chunks state matrix"][which]);
    if progress != 0 {
        let what = ["", "disconnections", "connections", "connections and disconnections"]
            [usize::from(progress & 3)];
        grid.banner(&format!("Warning: counters may not be valid - {what} in progress"));
    }
    // As wide as stock draws it, whatever the numbers.
    let copies = (0..SIZE).map(or_more).chain(["all".into()]).map(|head| format!("{head:^9}"));
    let mut heads = vec![vec![" goal ".to_owned()]];
    heads.extend(copies.map(|head| vec!["valid copies".to_owned(), head]));
    let heads: Vec<&[String]> = heads.iter().map(Vec::as_slice).collect();
    grid.heads(&heads);
    let sum = |pick: &dyn Fn(usize, usize) -> bool| {
        cells(matrix)
            .filter(|(goal, copies, _)| pick(*goal, *copies))
            .map(|(_, _, n)| u64::from(n))
            .sum::<u64>()
    };
    for goal in 0..SIZE {
        let cell = |copies: usize| match matrix[goal * SIZE + copies] {
            0 => Cell::none("-"),
            n => Cell::number(n).color(CLASSES[class(goal, copies)].1),
        };
        let mut row = vec![Cell::text(or_more(goal))];
        row.extend((0..SIZE).map(cell));
        row.push(Cell::number(sum(&|g, _| g == goal)));
        grid.row(row.iter().map(|cell| (cell, Align::Right)));
    }
    let mut all = vec![Cell::text("all 1+")];
    all.extend((0..SIZE).map(|copies| Cell::number(sum(&|g, c| g > 0 && c == copies))));
    all.push(Cell::number(sum(&|g, _| g > 0)));
    grid.row(all.iter().map(|cell| (cell, Align::Right)));
    grid.separator();
    let classes: Vec<String> =
        CLASSES.iter().zip(sums).map(|((class, _), n)| format!("{class}: {n}")).collect();
    grid.banner(&classes.join(" / "));
    grid
}
