//! Which tuples and arrays can be joined.

use core::{convert::Infallible, future::Future};

use super::{
    Joinable, TryJoinable,
    children::{Array, Children, Cons, Nil, Plain, Try},
    sealed,
};

macro_rules! tuples {
    ($($future:ident $value:ident)+) => {
        impl<$($future: Future),+> Joinable for ($($future,)+) {}

        impl<$($future: Future),+> sealed::Joinable for ($($future,)+) {
            type Output = ($($future::Output,)+);
            type Children = tuples!(@type Plain, Infallible, $($future)+);

            fn into_children(self) -> Self::Children {
                #[allow(non_snake_case, reason = "named as their types")]
                let ($($future,)+) = self;
                tuples!(@list $($future)+)
            }

            fn output(values: <Self::Children as Children>::Values) -> Self::Output {
                #[allow(non_snake_case, reason = "named as their types")]
                let tuples!(@nested $($future)+) = values;
                ($($future,)+)
            }
        }

        impl<$($future, $value,)+ Err> TryJoinable for ($($future,)+)
        where
            $($future: Future<Output = Result<$value, Err>>),+
        {}

        impl<$($future, $value,)+ Err> sealed::TryJoinable for ($($future,)+)
        where
            $($future: Future<Output = Result<$value, Err>>),+
        {
            type Output = ($($value,)+);
            type Error = Err;
            type Children = tuples!(@type Try, Err, $($future)+);

            fn into_children(self) -> Self::Children {
                #[allow(non_snake_case, reason = "named as their types")]
                let ($($future,)+) = self;
                tuples!(@list $($future)+)
            }

            fn output(values: <Self::Children as Children>::Values) -> Self::Output {
                #[allow(non_snake_case, reason = "named as their types")]
                let tuples!(@nested $($value)+) = values;
                ($($value,)+)
            }
        }
    };
    (@type $settle:ty, $break:ty, $first:ident $($rest:ident)*) => {
        Cons<$first, $settle, tuples!(@type $settle, $break, $($rest)*)>
    };
    (@type $settle:ty, $break:ty,) => { Nil<$break> };
    (@list $first:ident $($rest:ident)*) => { Cons::new($first, tuples!(@list $($rest)*)) };
    (@list) => { Nil::new() };
    (@nested $first:ident $($rest:ident)*) => { ($first, tuples!(@nested $($rest)*)) };
    (@nested) => { () };
}

tuples!(A Av);
tuples!(A Av B Bv);
tuples!(A Av B Bv C Cv);
tuples!(A Av B Bv C Cv D Dv);
tuples!(A Av B Bv C Cv D Dv E Ev);
tuples!(A Av B Bv C Cv D Dv E Ev F Fv);
tuples!(A Av B Bv C Cv D Dv E Ev F Fv G Gv);
tuples!(A Av B Bv C Cv D Dv E Ev F Fv G Gv H Hv);

impl<F: Future, const N: usize> Joinable for [F; N] {}

impl<F: Future, const N: usize> sealed::Joinable for [F; N] {
    type Output = [F::Output; N];
    type Children = Array<F, Plain, N>;

    fn into_children(self) -> Self::Children {
        Array::new(self)
    }

    fn output(values: Self::Output) -> Self::Output {
        values
    }
}

impl<F, T, E, const N: usize> TryJoinable for [F; N] where F: Future<Output = Result<T, E>> {}

impl<F, T, E, const N: usize> sealed::TryJoinable for [F; N]
where
    F: Future<Output = Result<T, E>>,
{
    type Output = [T; N];
    type Error = E;
    type Children = Array<F, Try, N>;

    fn into_children(self) -> Self::Children {
        Array::new(self)
    }

    fn output(values: Self::Output) -> Self::Output {
        values
    }
}
