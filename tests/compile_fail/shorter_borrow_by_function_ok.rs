//! A function pushes what outlives the scope.

use pleach::Scope;

fn push<'a>(s: &Scope<'a>, text: &'a str) {
    s.spawn(async move { text.len() });
}

pub fn main() {
    pleach::block_on(async {
        let long = String::from("long");
        let (driver, s) = pleach::scope::scope();
        push(&s, &long);
        {
            let short = "static";
            push(&s, short);
        }
        driver.run(async {}).await;
    });
}
