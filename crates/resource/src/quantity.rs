//! Kubernetes quantities. (Being written.)
