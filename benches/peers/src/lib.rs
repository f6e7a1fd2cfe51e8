//! What the benchmark and its counter of allocations share: the peers, each
//! doing the same work.

pub mod peers;
