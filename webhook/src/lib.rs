//! The admission webhook: the shell around `plat-admission`.
