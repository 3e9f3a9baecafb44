use proptest::prelude::*;

use super::Frame;

proptest! {
    #[test]
    fn what_is_written_is_read_and_padding_does_no_harm(
        nonce: u64,
        group in "[a-z]{1,13}",
        member in "[a-z0-9.]{1,15}",
        padding in 0_usize..60,
    ) {
        let frame = Frame { nonce, group: &group, member: &member };
        let mut bytes = frame.to_bytes();
        bytes.resize(bytes.len() + padding, 0);
        prop_assert_eq!(Frame::of(&bytes), Some(frame));
    }

    #[test]
    fn a_frame_that_is_cut_short_says_nothing(cut in 0_usize..29) {
        let bytes = Frame { nonce: 1, group: "ipmp0", member: "eth0.5" }.to_bytes();
        prop_assert_eq!(bytes.len(), 29);
        prop_assert_eq!(Frame::of(&bytes[..cut]), None);
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        prop_assert_eq!(Frame::of(&bytes), None);
    }
}
