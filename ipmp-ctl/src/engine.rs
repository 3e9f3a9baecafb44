//! The pure core.

pub mod action;
pub mod assignment;
pub mod event;
pub mod view;
