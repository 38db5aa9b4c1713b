//! Where cores lie: NUMA nodes and physical cores, by what the kernel shows under `/sys`.

use crate::plan::Core;
use std::fs;
use std::path::Path;

/// The cores with these numbers, as the files below `root` place them. Where there are none, as in
/// some sandboxes, all lie on one node and each is a physical core.
pub(super) fn cores(root: &Path, ids: &[usize]) -> Vec<Core> {
    let nodes = nodes(&root.join("sys/devices/system/node"));
    let place = |id: &usize| {
        let holds = |(_, cores): &&(usize, Vec<usize>)| cores.contains(id);
        let node = nodes.iter().find(holds).map_or(0, |(node, _)| *node);
        Core { id: *id, node, physical: siblings(root, *id).into_iter().min().unwrap_or(*id) }
    };
    ids.iter().map(place).collect()
}

/// The threads of a core's physical core, itself among them.
fn siblings(root: &Path, id: usize) -> Vec<usize> {
    let path = format!("sys/devices/system/cpu/cpu{id}/topology/thread_siblings_list");
    let mut threads = list_in(&root.join(path));
    threads.push(id);
    threads
}

/// Every node with its cores.
fn nodes(folder: &Path) -> Vec<(usize, Vec<usize>)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let node = |entry: fs::DirEntry| {
        let number = entry.file_name().to_str()?.strip_prefix("node")?.parse().ok()?;
        Some((number, list_in(&entry.path().join("cpulist"))))
    };
    entries.filter_map(Result::ok).filter_map(node).collect()
}

fn list_in(path: &Path) -> Vec<usize> {
    fs::read_to_string(path).ok().and_then(|text| list(&text)).unwrap_or_default()
}

/// A list as the kernel writes it: `0-3,8,10-11`, empty for none. `None` when it is no such list.
fn list(text: &str) -> Option<Vec<usize>> {
    let mut cores = Vec::new();
    for range in text.trim().split(',').filter(|range| !range.is_empty()) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        cores.extend(first.parse::<usize>().ok()?..=last.parse::<usize>().ok()?);
    }
    Some(cores)
}

#[cfg(test)]
mod tests {
    use super::{cores, list};
    use crate::plan::Core;
    use std::fs;
    use std::path::Path;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("inside the root")).expect("the root is ours");
        fs::write(path, text).expect("the root is ours");
    }

    #[test]
    fn cores_lie_where_the_kernel_says() {
        let root = tempfile::tempdir().expect("a folder of our own");
        for (id, siblings) in [(0, "0,2\n"), (1, "1,3\n"), (2, "0,2\n"), (3, "1,3\n")] {
            let path = format!("sys/devices/system/cpu/cpu{id}/topology/thread_siblings_list");
            write(root.path(), &path, siblings);
        }
        write(root.path(), "sys/devices/system/node/node0/cpulist", "0,2\n");
        write(root.path(), "sys/devices/system/node/node1/cpulist", "1,3\n");
        write(root.path(), "sys/devices/system/node/possible", "0-1\n");
        // Core 0 is not ours to use: its sibling is still known by it.
        let expected = [(1, 1, 1), (2, 0, 0), (3, 1, 1)].map(|(id, node, physical)| Core {
            id,
            node,
            physical,
        });
        assert_eq!(cores(root.path(), &[1, 2, 3]), expected, "id, node, physical core");
    }

    #[test]
    fn without_files_all_cores_are_physical_and_on_one_node() {
        let root = tempfile::tempdir().expect("a folder of our own");
        let expected = [4, 7].map(|id| Core { id, node: 0, physical: id });
        assert_eq!(cores(root.path(), &[4, 7]), expected, "nothing is known");
    }

    #[test]
    fn lists_are_read_as_the_kernel_writes_them() {
        let check = |text: &str, expected: Option<&[usize]>| {
            assert_eq!(list(text).as_deref(), expected, "{text:?}");
        };
        check("\n", Some(&[]));
        check("0-3,8,10-11\n", Some(&[0, 1, 2, 3, 8, 10, 11]));
        check("5", Some(&[5]));
        check("0-x", None);
    }
}
