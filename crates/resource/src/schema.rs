//! Structural schemas. (Being written.)
