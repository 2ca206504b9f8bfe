//! Requests that AWS answers in pages.

/// All that a request asks for, page by page: a `Result` of a list.
///
/// A macro, as the paginators of the SDKs' operations have no trait in common.
macro_rules! all {
    ($request:expr, $operation:literal) => {
        $crate::errors::Named::named(
            $request.into_paginator().items().send().collect::<::std::result::Result<Vec<_>, _>>().await,
            $operation,
        )
    };
}
pub(crate) use all;
