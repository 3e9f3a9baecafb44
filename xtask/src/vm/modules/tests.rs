use std::path::Path;

use super::{depends, name};

#[test]
fn the_description_of_a_module_names_what_it_depends_on() {
    let cases: [(&[u8], &[&str]); 4] = [
        (b"license=GPL\0depends=stp,llc\0name=bridge\0", &["stp", "llc"]),
        (b"depends=\0name=llc\0", &[]),
        (b"depends=nf-tables\0", &["nf_tables"]),
        (b"license=GPL\0", &[]),
    ];
    for (description, expected) in cases {
        assert_eq!(depends(description), expected, "{}", String::from_utf8_lossy(description));
    }
}

#[test]
fn module_files_are_known_by_the_kernels_name() {
    let cases = [
        ("kernel/net/sched/sch_netem.ko", Some("sch_netem")),
        ("kernel/drivers/block/virtio-rng.ko.xz", Some("virtio_rng")),
        ("modules.dep", None),
    ];
    for (file, expected) in cases {
        assert_eq!(name(Path::new(file)).as_deref(), expected, "{file}");
    }
}
