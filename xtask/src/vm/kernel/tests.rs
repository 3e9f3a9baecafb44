use super::{Series, newest};

/// What `apt-cache search` finds, for both series.
const FOUND: &str = "linux-image-6.1.0-9-amd64 - Linux 6.1 for 64-bit PCs (signed)
linux-image-6.1.0-56-amd64 - Linux 6.1 for 64-bit PCs (signed)
linux-image-6.1.0-57-rt-amd64 - Linux 6.1 for 64-bit PCs, PREEMPT_RT (signed)
linux-image-6.1.0-57-cloud-amd64 - Linux 6.1 for x86-64 cloud (signed)
linux-image-6.12-amd64 - Linux for 64-bit PCs (meta-package)
linux-image-6.12.101+deb12-amd64 - Linux 6.12 for 64-bit PCs (signed)
linux-image-6.12.99+deb12-amd64 - Linux 6.12 for 64-bit PCs (signed)
linux-image-6.12.117+deb12-rt-amd64 - Linux 6.12 for 64-bit PCs, PREEMPT_RT (signed)
";

#[test]
fn the_newest_plain_kernel_of_the_series_is_taken() {
    assert_eq!(newest(Series::V6_1, FOUND).as_deref(), Some("linux-image-6.1.0-56-amd64"));
    assert_eq!(newest(Series::V6_12, FOUND).as_deref(), Some("linux-image-6.12.101+deb12-amd64"));
    assert_eq!(newest(Series::V6_12, ""), None);
}
