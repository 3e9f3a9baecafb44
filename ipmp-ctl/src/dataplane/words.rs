//! Map values in this process's memory: written word by word, without a system call.

use std::{
    os::fd::AsFd,
    ptr::NonNull,
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// The values of one array map with `BPF_F_MMAPABLE`, as 64-bit words.
///
/// The packet path reads the same memory. Each word is written in one piece; neighbouring words, which the packet path
/// may be writing, are not touched.
#[derive(Debug)]
pub struct Words {
    base: NonNull<AtomicU64>,
    count: usize,
}

// SAFETY: the mapping belongs to this value alone and its words are atomics.
unsafe impl Send for Words {}

impl Words {
    /// Maps the first `count` words of the map behind `map`.
    ///
    /// # Errors
    /// What mmap says; `EPERM` for a map without the flag.
    pub fn map(map: impl AsFd, count: usize) -> std::io::Result<Self> {
        // SAFETY: a fresh mapping, unmapped on drop.
        let base = unsafe {
            mmap(
                std::ptr::null_mut(),
                count * size_of::<u64>(),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                map,
                0,
            )?
        };
        let base = NonNull::new(base.cast()).ok_or_else(|| std::io::Error::other("mmap gave no memory"))?;
        Ok(Self { base, count })
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < self.count, "word {index} of a map of {}", self.count);
        // SAFETY: within the mapping, which lives as long as `self`, and aligned as mmap aligns.
        unsafe { self.base.add(index).as_ref() }
    }

    /// The word at `index`.
    pub fn get(&self, index: usize) -> u64 {
        self.word(index).load(Ordering::Acquire)
    }

    /// Writes the word at `index`. What was written before is seen by whoever sees this.
    pub fn set(&self, index: usize, value: u64) {
        self.word(index).store(value, Ordering::Release);
    }

    /// Writes the word at `index` if it still is `old`, in one step. Returns what was there.
    pub fn swap_if(&self, index: usize, old: u64, value: u64) -> u64 {
        let swapped = self.word(index).compare_exchange(old, value, Ordering::SeqCst, Ordering::SeqCst);
        swapped.unwrap_or_else(|there| there)
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `map`, to which no reference is left.
        let unmapped = unsafe { munmap(self.base.as_ptr().cast(), self.count * size_of::<u64>()) };
        debug_assert!(unmapped.is_ok(), "a mapping of our own cannot fail to unmap");
    }
}
