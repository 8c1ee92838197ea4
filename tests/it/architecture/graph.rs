//! The modules of a source tree, and which of them uses which.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};

use super::scan::{Name, Place, names};

/// The texts of a crate, by module.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources(BTreeMap<Place, String>);

impl Sources {
    /// All files below a directory.
    pub(super) fn read(dir: &Path) -> Self {
        let mut sources = Self::default();
        sources.read_below(dir, &[]);
        sources
    }

    fn read_below(&mut self, dir: &Path, at: &[String]) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let mut place = at.to_vec();
            if path.is_dir() {
                place.push(name.to_owned());
                self.read_below(&path, &place);
            } else if path.extension().is_some_and(|e| e == "rs") {
                if !["mod", "lib"].contains(&name) {
                    place.push(name.to_owned());
                }
                self.add(&place.join("/"), &fs::read_to_string(&path).unwrap());
            }
        }
    }

    /// Adds to the text of a module, which is made if there is none: `"audit/verify"`.
    pub(super) fn add(&mut self, module: &str, text: &str) {
        let place = module.split('/').filter(|s| !s.is_empty());
        let place = place.map(str::to_owned).collect();
        self.0.entry(place).or_default().push_str(text);
    }

    /// Who uses whom.
    pub(super) fn graph(&self) -> Graph {
        let all: Vec<(&Place, Name)> = self
            .0
            .iter()
            .flat_map(|(at, text)| {
                let child =
                    |name: &str| self.0.contains_key(&[at, &[name.to_owned()][..]].concat());
                names(text, at, child)
                    .into_iter()
                    .map(move |name| (at, name))
            })
            .collect();
        let exports: BTreeMap<(&[String], &str), &Place> = all
            .iter()
            .filter_map(|(at, name)| {
                Some(((at.as_slice(), name.exported.as_deref()?), &name.place))
            })
            .collect();
        let mut graph = Graph::default();
        for (from, name) in &all {
            let to = self.locate(&name.place, &exports, 8);
            let room = name
                .place
                .first()
                .filter(|room| Some(*room) != from.first());
            // A `pub use` of what lies below is a signpost, and no use.
            let signpost = name.exported.is_some() && to.starts_with(from);
            if !signpost {
                graph.add(from, &to);
            }
            // Another room is used by its name too, wherever that name leads from there.
            if let Some(room) = room {
                graph.add(from, std::slice::from_ref(room));
            }
        }
        graph
    }

    /// The module that has what a path names: what is handed on is looked for where it comes from.
    fn locate(
        &self,
        path: &[String],
        exports: &BTreeMap<(&[String], &str), &Place>,
        hops: u8,
    ) -> Place {
        let modules = (0..=path.len()).take_while(|n| self.0.contains_key(&path[..*n]));
        let known = modules.last().unwrap_or_default();
        let (module, rest) = path.split_at(known);
        let handed_on = rest
            .first()
            .and_then(|name| exports.get(&(module, name.as_str())));
        match handed_on {
            Some(place) if hops > 0 => {
                self.locate(&[place, &rest[1..]].concat(), exports, hops - 1)
            }
            _ => module.to_vec(),
        }
    }
}

/// Which module uses which.
#[derive(Debug, Default)]
pub(super) struct Graph(BTreeMap<Place, BTreeSet<Place>>);

impl Graph {
    fn add(&mut self, from: &[String], to: &[String]) {
        if from != to && !from.is_empty() && !to.is_empty() {
            self.0.entry(from.to_vec()).or_default().insert(to.to_vec());
        }
    }

    /// Each room with the rooms that it uses. Of the rooms in `split`, the inner ones instead.
    pub(super) fn rooms(&self, split: &str) -> BTreeMap<String, BTreeSet<String>> {
        let inner = |place: &Place| match place.as_slice() {
            [room, inner, ..] if room == split => Some(format!("{room}/{inner}")),
            _ => None,
        };
        let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in self
            .0
            .iter()
            .flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
        {
            rooms.entry(from[0].clone()).or_default();
            rooms.entry(to[0].clone()).or_default();
            let (a, b) = match (inner(from), inner(to)) {
                (Some(a), Some(b)) => (a, b),
                _ => (from[0].clone(), to[0].clone()),
            };
            if a != b {
                rooms.entry(b.clone()).or_default();
                rooms.entry(a).or_default().insert(b);
            }
        }
        rooms
    }

    /// Modules that use each other, directly or on a way round.
    pub(super) fn cycles(&self) -> BTreeSet<String> {
        let reach: BTreeMap<&Place, BTreeSet<&Place>> = self
            .0
            .keys()
            .map(|from| (from, self.reached_from(from)))
            .collect();
        let mut cycles = BTreeSet::new();
        for (from, reached) in &reach {
            let round = reached
                .iter()
                .filter(|to| reach.get(**to).is_some_and(|back| back.contains(from)));
            let round: BTreeSet<String> = round.map(|place| place.join("/")).collect();
            if round.len() > 1 {
                cycles.insert(round.into_iter().collect::<Vec<_>>().join(" "));
            }
        }
        cycles
    }

    fn reached_from<'a>(&'a self, from: &'a Place) -> BTreeSet<&'a Place> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(next) = open.pop() {
            open.extend(
                self.0
                    .get(next)
                    .into_iter()
                    .flatten()
                    .filter(|to| reached.insert(*to)),
            );
        }
        reached
    }
}

/// The rooms in order, each with those that it uses, as they stand in the reviewed file.
pub(super) fn table(rooms: &BTreeMap<String, BTreeSet<String>>, order: &[&str]) -> String {
    let rank = |room: &str| order.iter().position(|o| *o == room).unwrap_or(order.len());
    let mut sorted: Vec<&String> = rooms.keys().collect();
    sorted.sort_by_key(|room| rank(room));
    let mut text = String::new();
    for room in sorted {
        let mut used: Vec<&str> = rooms[room].iter().map(String::as_str).collect();
        used.sort_by_key(|room| rank(room));
        writeln!(text, "{room}: {}", used.join(" ")).unwrap();
    }
    text
}

/// The uses that go up, or lead to a room that has no place in the order.
pub(super) fn upward(rooms: &BTreeMap<String, BTreeSet<String>>, order: &[&str]) -> Vec<String> {
    let rank = |room: &str| order.iter().position(|o| *o == room);
    let edges = rooms
        .iter()
        .flat_map(|(from, all)| all.iter().map(move |to| (from, to)));
    edges
        .filter(|(from, to)| rank(from).is_none() || rank(to) >= rank(from) || rank(to).is_none())
        .map(|(from, to)| format!("{from} -> {to}"))
        .collect()
}
