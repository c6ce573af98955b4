//! Values: what goes along with a request, for those who are called on the way.

use core::{any::Any, fmt, marker::PhantomData, ptr};

/// What a value is found by: a `static`, of the value's type.
///
/// The name is for people. Two keys are two, whatever their names.
///
/// # Examples
///
/// ```
/// use pleach::cancel::Key;
///
/// static REQUEST_ID: Key<u64> = Key::new("request id");
/// ```
pub struct Key<T: ?Sized> {
    name: &'static str,
    _value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// A key of this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            _value: PhantomData,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.name).finish()
    }
}

/// Values by their keys, borrowed: for what belongs to a request and not to any one function,
/// such as its id.
///
/// Each is a link on the stack of whoever adds it, so nothing is allocated, and a lookup goes
/// through those that were added since. It is what Go's `context.WithValue` is for, kept apart
/// from cancellation: work that is [detached](super::Token::detached) keeps its values by keeping
/// these. Arguments that a function cannot do without are better passed as such.
///
/// # Examples
///
/// ```
/// use pleach::cancel::{Key, Values};
///
/// static REQUEST_ID: Key<u64> = Key::new("request id");
/// static USER: Key<String> = Key::new("user");
///
/// fn log(values: &Values<'_>, line: &str) -> String {
///     format!("[{}] {line}", values.get(&REQUEST_ID).unwrap_or(&0))
/// }
///
/// let nothing = Values::empty();
/// let values = nothing.with(&REQUEST_ID, &17);
/// let user = String::from("ada");
/// let values = values.with(&USER, &user);
/// assert_eq!(log(&values, "hello"), "[17] hello");
/// assert_eq!(values.get(&USER).unwrap(), "ada");
/// ```
#[derive(Clone, Copy)]
pub struct Values<'a> {
    last: Option<Entry<'a>>,
    before: Option<&'a Values<'a>>,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    /// The key's address, to tell keys apart, and its name.
    key: usize,
    name: &'static str,
    value: &'a (dyn Any + Sync),
}

impl<'a> Values<'a> {
    /// No values.
    #[must_use]
    pub const fn empty() -> Values<'static> {
        Values {
            last: None,
            before: None,
        }
    }

    /// These and one more, which hides another of the same key.
    #[must_use]
    pub fn with<'b, T>(&'b self, key: &'static Key<T>, value: &'b T) -> Values<'b>
    where
        T: Any + Sync,
    {
        Values {
            last: Some(Entry {
                key: ptr::from_ref(key).addr(),
                name: key.name,
                value,
            }),
            before: Some(self),
        }
    }

    /// The value of this key that was added last.
    #[must_use]
    pub fn get<T: Any + Sync>(&self, key: &'static Key<T>) -> Option<&'a T> {
        let key = ptr::from_ref(key).addr();
        let mut values = self;
        loop {
            if let Some(entry) = &values.last {
                // Keys that the compiler has laid together still differ by type.
                if entry.key == key {
                    if let Some(value) = (entry.value as &dyn Any).downcast_ref() {
                        return Some(value);
                    }
                }
            }
            values = values.before?;
        }
    }
}

/// The names of the keys, the last first.
impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = f.debug_list();
        let mut values = Some(self);
        while let Some(Values { last, before }) = values {
            names.entries(last.as_ref().map(|entry| entry.name));
            values = *before;
        }
        names.finish()
    }
}
