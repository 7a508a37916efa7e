//! Which module of a crate imports which, read from the paths in its code that begin with `crate` or `super`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::sources::{code, sources};

/// The names of the modules that lead from the root of a crate to a module.
type Module = Vec<String>;

/// The modules of one crate and their imports.
pub(super) struct Imports {
    modules: BTreeSet<Module>,
    /// The target of each name that a module takes from another, because a third may import the name through it.
    names: BTreeMap<(Module, String), Module>,
    uses: BTreeSet<(Module, Module)>,
}

impl Imports {
    /// Of the crate whose `lib.rs` or `main.rs` is in `folder`.
    pub(super) fn of(folder: &Path) -> Imports {
        let files: Vec<(Module, String)> = sources(folder, &["rs"])
            .into_iter()
            .filter(|(file, _)| !file.starts_with(folder.join("bin")))
            .map(|(file, text)| (module_of(file.strip_prefix(folder).expect("a file of the folder")), code(&text)))
            .collect();
        let modules: BTreeSet<Module> = files.iter().map(|(module, _)| module.clone()).collect();
        assert!(modules.contains(&Module::new()), "{} has no lib.rs or main.rs", folder.display());
        let mut imports = Imports { modules, names: BTreeMap::new(), uses: BTreeSet::new() };
        for (module, code) in &files {
            for path in declared_paths(code) {
                imports.note_name(module, &path);
            }
        }
        // Tests may import what they need.
        for (module, code) in files.iter().filter(|(module, _)| !module.iter().any(|name| name == "tests")) {
            for path in used_paths(code) {
                let target = imports.resolve(module, &path);
                imports.uses.insert((module.clone(), target));
            }
        }
        imports
    }

    /// The modules below the root, each with those that it imports itself.
    pub(super) fn of_top_modules(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let tops = self.modules.iter().filter_map(|module| module.first());
        let mut imports: BTreeMap<&str, BTreeSet<&str>> = tops.map(|top| (top.as_str(), BTreeSet::new())).collect();
        for (from, to) in &self.uses {
            if let (Some(from), Some(to)) = (from.first(), to.first())
                && from != to
            {
                imports.entry(from).or_default().insert(to);
            }
        }
        imports
    }

    /// The modules below the root, each with those that it imports itself or through others.
    pub(super) fn reached_by_top_modules(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut reached = self.of_top_modules();
        loop {
            let known = reached.clone();
            for modules in reached.values_mut() {
                let further = modules.iter().filter_map(|module| known.get(module)).flatten().copied();
                *modules = modules.iter().copied().chain(further).collect();
            }
            if reached == known {
                return reached;
            }
        }
    }

    /// Circles of modules that have the same parent: each module imports the next, and the last one the first. A module
    /// is in one of them at most.
    pub(super) fn circles(&self) -> Vec<Vec<String>> {
        let mut siblings: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
        for (from, to) in &self.uses {
            let common = from.iter().zip(to).take_while(|(from, to)| from == to).count();
            if common < from.len() && common < to.len() {
                siblings.entry(from[..=common].to_vec()).or_default().insert(to[..=common].to_vec());
            }
        }
        let mut circles: Vec<Vec<String>> = Vec::new();
        for start in siblings.keys() {
            let known = circles.iter().flatten().any(|module| *module == start.join("::"));
            circles.extend(circle_from(start, &siblings).filter(|_| !known));
        }
        circles
    }

    fn note_name(&mut self, module: &Module, path: &[String]) {
        let (Some(name), true) = (path.last(), path.len() > 1) else { return };
        let target = self.resolve(module, path);
        if target != *module {
            self.names.insert((module.clone(), name.clone()), target);
        }
    }

    /// The module that has what a path in `module` names.
    fn resolve(&self, module: &Module, path: &[String]) -> Module {
        let mut at = match path.first().map(String::as_str) {
            Some("crate") => Module::new(),
            _ => module.clone(),
        };
        for name in path {
            match name.as_str() {
                "crate" | "self" => {}
                "super" => {
                    at.pop();
                }
                _ => {
                    let child: Module = at.iter().chain([name]).cloned().collect();
                    if self.modules.contains(&child) {
                        at = child;
                    } else {
                        return self.names.get(&(at.clone(), name.clone())).cloned().unwrap_or(at);
                    }
                }
            }
        }
        at
    }
}

fn circle_from(start: &Module, imports: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<String>> {
    let mut previous: BTreeMap<&Module, &Module> = BTreeMap::new();
    let mut next = vec![start];
    while let Some(module) = next.pop() {
        for imported in imports.get(module).into_iter().flatten() {
            if imported == start {
                let mut circle = vec![module];
                while let Some(before) = previous.get(circle[circle.len() - 1]) {
                    circle.push(before);
                }
                let circle = circle.iter().rev().copied().chain([start]);
                return Some(circle.map(|module| module.join("::")).collect());
            }
            if !previous.contains_key(imported) {
                previous.insert(imported, module);
                next.push(imported);
            }
        }
    }
    None
}

fn module_of(file: &Path) -> Module {
    let mut module: Module = file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let last = module.pop().unwrap_or_default();
    if !["mod", "lib", "main"].contains(&last.as_str()) {
        module.push(last);
    }
    module
}

/// The paths of all `use` declarations.
fn declared_paths(code: &str) -> Vec<Vec<String>> {
    let starts = code.match_indices("use ").filter(|(at, _)| begins_word(code, *at));
    starts.flat_map(|(at, _)| paths_at(&code[at + 4..])).collect()
}

/// The paths that begin with `crate` or `super`, in declarations and elsewhere.
fn used_paths(code: &str) -> Vec<Vec<String>> {
    let starts = ["crate::", "super::"].into_iter().flat_map(|root| code.match_indices(root));
    let starts = starts.filter(|(at, _)| begins_word(code, *at));
    starts.flat_map(|(at, _)| paths_at(&code[at..])).collect()
}

fn begins_word(code: &str, at: usize) -> bool {
    let before = code[..at].chars().next_back();
    !before.is_some_and(|character| character.is_alphanumeric() || ['_', ':', '$'].contains(&character))
}

/// The paths of a tree such as `a::{b, c::d}`; what follows the tree is left.
fn paths_at(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    read_tree(code, &[], &mut paths);
    paths
}

/// Returns what is left behind the tree.
fn read_tree<'a>(code: &'a str, parent: &[String], paths: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = parent.to_vec();
    let mut rest = code.trim_start();
    loop {
        if let Some(list) = rest.strip_prefix('{') {
            rest = list.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                let left = read_tree(rest, &path, paths);
                let left = left.split_once([',', '}']).map_or("", |(skipped, _)| &left[skipped.len()..]);
                rest = left.trim_start_matches(',').trim_start();
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        path.push(rest[..end].to_owned());
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(after) => rest = after.trim_start(),
            None => break,
        }
    }
    paths.push(path);
    rest
}

#[test]
fn paths_are_read_from_trees_and_from_code() {
    let code = "use crate::{a::{B, c}, d as e, f::*}; pub(crate) use super::g; fn h() { crate::i::j(super::super::k) }";
    let paths: Vec<String> = used_paths(code).iter().map(|path| path.join("::")).collect();
    let expected = ["crate::a::B", "crate::a::c", "crate::d", "crate::f", "crate::i::j", "super::g", "super::super::k"];
    assert_eq!(paths, expected);
}

#[test]
fn a_circle_is_found_even_through_a_name_that_the_root_passes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).expect("a written file");
    write("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\n");
    write("a.rs", "use crate::b::B;\npub struct A;\n");
    write("b.rs", "use crate::c;\npub struct B;\n");
    write("c.rs", "pub struct C;\n");
    assert!(Imports::of(folder.path()).circles().is_empty());
    write("c.rs", "use crate::A;\npub struct C;\n");
    assert_eq!(Imports::of(folder.path()).circles(), [["a", "b", "c", "a"]]);
}
