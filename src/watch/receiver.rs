//! What a receiver does, on the heap and of a [`Watch`](super::Watch).

/// Gives a receiver its methods: it has what it watches by `watched()`, and in `seen` what it has
/// seen.
macro_rules! receiver {
    ($receiver:ident $(<$life:lifetime>)?, $snapshot:ty $(, T: $bound:ident)?) => {
        impl<$($life,)? T $(: $bound)?> $receiver<$($life,)? T> {
            /// A snapshot of the latest value, which it has seen from now on.
            ///
            /// As long as nothing has changed that is one load.
            #[inline]
            pub fn latest(&mut self) -> &$snapshot {
                let (watched, seen) = self.parts();
                watched.refresh(seen);
                &seen.value
            }

            /// Whether there is a value that it has not seen: one load.
            #[inline]
            #[must_use]
            pub fn has_changed(&self) -> bool {
                self.watched().is_news(&self.seen)
            }

            /// Whether no value will come any more; there may be one that it has not seen.
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.watched().is_closed()
            }

            /// Makes the value of now one that it has not seen, so that
            /// [`changed`](Self::changed) is ready at once.
            pub fn mark_changed(&mut self) {
                self.seen.word = self.seen.word.wrapping_sub(VERSION);
            }

            /// Waits for a value that it has not seen yet. It has when this is ready.
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing: the value stays one that was not seen.
            ///
            /// # Errors
            ///
            /// [`RecvError`], when no value will come any more, and the last was seen.
            #[cfg_attr(feature = "inspect", track_caller)]
            pub fn changed(&mut self) -> Changed<'_, $snapshot> {
                let (watched, seen) = self.parts();
                Changed::new(watched, seen)
            }

            /// The values from now on as a stream, without those that come and go between two
            /// polls. It ends when no value will come any more.
            ///
            /// # Cancel safety
            ///
            /// Dropping the stream loses nothing, as with [`changed`](Self::changed).
            #[cfg_attr(feature = "inspect", track_caller)]
            pub fn changes(&mut self) -> Changes<'_, $snapshot> {
                let (watched, seen) = self.parts();
                Changes::new(watched, seen)
            }

            /// Waits until the value, which may be the one of now, is as it should be.
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing; values that were refused count as seen.
            ///
            /// # Errors
            ///
            /// [`RecvError`], when no value will come any more, and the last was refused.
            #[cfg_attr(feature = "inspect", track_caller)]
            pub fn wait_for(
                &mut self,
                mut is_right: impl FnMut(&T) -> bool,
            ) -> impl Future<Output = Result<$snapshot, RecvError>> {
                let site = Site::here();
                async move {
                    let (watched, seen) = self.parts();
                    watched.refresh(seen);
                    loop {
                        if is_right(&seen.value) {
                            return Ok((watched.copy)(&seen.value));
                        }
                        Changed::new(watched, seen).at(site.again()).await?;
                    }
                }
            }

            /// As [`changed`](Self::changed); the thread sleeps meanwhile. Not for async code.
            ///
            /// # Errors
            ///
            /// [`RecvError`], as there.
            #[cfg(feature = "std")]
            pub fn changed_blocking(&mut self) -> Result<$snapshot, RecvError> {
                crate::sys::park::wait(core::pin::pin!(self.changed()))
            }
        }

        impl<$($life,)? T: $($bound +)? fmt::Debug> fmt::Debug for $receiver<$($life,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($receiver))
                    .field("seen", &self.seen.value)
                    .field("has_changed", &self.has_changed())
                    .field("is_closed", &self.is_closed())
                    .finish()
            }
        }
    };
}
pub(super) use receiver;
