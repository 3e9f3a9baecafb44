use super::{Linker, shared_llvm, static_llvm};

#[test]
fn llvm_of_a_dynamically_linked_linker_is_read_from_its_libraries() {
    let cases = [
        ("\tlibLLVM.so.22.1 => /usr/lib/llvm-22/lib/libLLVM.so.22.1 (0x00007fc0)\n", Some(22)),
        ("\tlibz.so.1 => /lib/libz.so.1\n\tlibLLVM-21.so => /usr/lib/libLLVM-21.so (0x0)\n", Some(21)),
        ("\tlibLLVM.so.23.1-rust-1.99.0 => /r/lib/libLLVM.so.23.1-rust-1.99.0 (0x0)\n", Some(23)),
        ("\tlibLLVM.so.22.1 => not found\n", None),
        ("\tlibc.so.6 => /lib/libc.so.6 (0x0)\n", None),
        ("\tstatically linked\n", None),
    ];
    for (libraries, expected) in cases {
        assert_eq!(shared_llvm(libraries), expected, "{libraries}");
    }
}

#[test]
fn llvm_of_a_statically_linked_linker_is_read_from_its_signature() {
    let cases: [(&[u8], Option<u32>); 4] = [
        (b"\x00LLVM ERROR: \x00LLVM22.1.8\x00", Some(22)),
        (b"LLVM21.1", Some(21)),
        (b"LLVM without a version, 22.1", None),
        (b"", None),
    ];
    for (program, expected) in cases {
        assert_eq!(static_llvm(program), expected);
    }
}

#[test]
fn a_linker_serves_compilers_up_to_its_own_llvm() {
    let linker = Linker { path: "/x/bpf-linker".into(), llvm: 22 };
    assert_eq!([21, 22, 23].map(|llvm| linker.serves(llvm)), [true, true, false]);
}
