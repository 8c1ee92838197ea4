//! A `Permesso` cannot be forged: the programs in `forged/` do not compile, each line marked `//~ text` with an error
//! that contains the text, and no other line with any. rustc is run on them with the library that this test was built
//! with, so that no dependency is compiled again.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The directory that cargo built this test in, and in it the library that was built last.
fn library() -> (PathBuf, PathBuf) {
    let exe = env::current_exe().unwrap();
    let deps = exe.parent().unwrap();
    let library = fs::read_dir(deps)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("libomnia-") && name.ends_with(".rlib")
        })
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap())
        .unwrap();
    (deps.to_owned(), library)
}

/// The errors of a program: line and text.
fn errors(program: &Path) -> BTreeSet<(usize, String)> {
    let (deps, library) = library();
    let out = tempfile::tempdir().unwrap();
    let output = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["--edition=2024", "--emit=metadata", "--error-format=short"])
        .arg("--out-dir")
        .arg(out.path())
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg("--extern")
        .arg(format!("omnia={}", library.display()))
        .arg(program)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let errors: BTreeSet<(usize, String)> = stderr
        .lines()
        .filter_map(|line| {
            // path:line:column: error[E0000]: text
            let (place, text) = line.split_once(": error")?;
            let number = place.rsplit(':').nth(1)?.parse().ok()?;
            Some((number, text.to_owned()))
        })
        .collect();
    assert_eq!(output.status.success(), errors.is_empty(), "{stderr}");
    errors
}

#[test]
fn a_forged_permesso_does_not_compile() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forged");
    let mut programs = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let program = entry.unwrap().path();
        let errors = errors(&program);
        let text = fs::read_to_string(&program).unwrap();
        let marked: Vec<(usize, &str)> = (1..)
            .zip(text.lines())
            .filter_map(|(number, line)| Some((number, line.split_once("//~ ")?.1)))
            .collect();
        for (number, expected) in &marked {
            assert!(
                errors
                    .iter()
                    .any(|(line, text)| line == number && text.contains(expected)),
                "{}:{number}: no error with `{expected}` in {errors:#?}",
                program.display()
            );
        }
        for (line, text) in &errors {
            assert!(
                marked.iter().any(|(number, _)| number == line),
                "{}:{line}: {text}",
                program.display()
            );
        }
        assert_eq!(
            marked.is_empty(),
            program.ends_with("honest.rs"),
            "{}",
            program.display()
        );
        programs += 1;
    }
    assert_eq!(programs, 6);
}
