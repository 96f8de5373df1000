use super::*;

#[test]
fn reads_what_git_would_track() {
    let directory = tempfile::tempdir().expect("the temporary directory is writable");
    let write = |path: &str, bytes: &[u8]| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().expect("inside the directory"))
            .and_then(|()| std::fs::write(path, bytes))
            .expect("the temporary directory is writable");
    };
    write(".gitignore", b"/target\n*.snap.new\n");
    write("target/debug/x.rs", b"x");
    write("crates/a/target/kept.rs", b"x");
    write("crates/a/b.snap.new", b"x");
    write("picture", &[0xff, 0xfe]);

    let tree = Tree::read(directory.path()).expect("the directory was made above");

    let paths: Vec<&str> = tree.files().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [".gitignore", "crates/a/target/kept.rs"]);
    assert!(
        tree.contains("picture"),
        "links may name files that are not text"
    );
    assert!(tree.contains("crates/a/"), "links may name directories");
    assert!(!tree.contains("crates/b"));
}

#[test]
fn what_counts_as_a_test() {
    assert!(is_test("crates/a/tests/it/main.rs"));
    assert!(is_test("crates/a/src/b/tests.rs"));
    assert!(is_test("crates/a/benches/b.rs"));
    assert!(is_test("sim/src/clock.rs"));
    assert!(!is_test("crates/a/src/b.rs"));
    assert!(!is_test("examples/systems/src/crm.rs"));
}
