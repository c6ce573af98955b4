//! Nothing: the tests are what is here.
#![no_std]
