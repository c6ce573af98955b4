//! What is followed, read and reported.

use std::process::Command;

use crate::{
    SITECHECK, bytes, check,
    server::{Reply, Server, html, links, redirect, status},
    set,
};

#[test]
fn each_broken_link_is_reported_with_all_pages_that_have_it_in_order() {
    let server = Server::new([
        ("/", bytes(links(["b.html", "a.html", "zero", "#top"]))),
        ("/a.html", bytes(links(["nine", "zero?q", "/"]))),
        ("/b.html", bytes(links(["nine", "zero", "a.html"]))),
    ]);
    let url = |path| server.url(path);
    for concurrency in ["1", "64"] {
        let outcome = check(&url("/"), &["--concurrency", concurrency]);
        outcome.expect(
            1,
            &[
                (
                    url("/nine"),
                    "status 404",
                    &[url("/a.html"), url("/b.html")],
                ),
                (url("/zero"), "status 404", &[url("/"), url("/b.html")]),
                (url("/zero?q"), "status 404", &[url("/a.html")]),
            ],
        );
        outcome
            .said("6 of 6 URLs checked in ")
            .said("pages read: 3; broken links: 3\n");
    }
    assert_eq!(server.requests().len(), 12, "each once");
}

#[test]
fn all_kinds_of_links_are_followed_and_what_is_none_is_not() {
    let server = Server::new([(
        "/",
        bytes(html(
            "<base href=/dir/><a href=a>a</a><img src=img><link rel=stylesheet href=css>\
             <script src=js>'<a href=no1>'</script><map><area href=area></map>\
             <link rel=preconnect href=no2><!-- <a href=no3> --><a name=no4><p href=no5>\
             <a href=mailto:a@b><a href='javascript:void(0)'><a href=https://example.com>\
             <textarea><a href=no6></textarea><a href='http://['>",
        )),
    )]);
    let page: &[String] = &[server.url("/")];
    let at = |path| (server.url(path), "status 404", page);
    let dir = ["/dir/a", "/dir/area", "/dir/css", "/dir/img", "/dir/js"].map(at);
    let [a, area, css, img, js] = dir;
    let malformed = ("http://[".to_owned(), "not a URL", page);
    check(&server.url("/"), &[])
        .expect(1, &[a, area, css, img, js, malformed])
        .said("not checked, as the scheme is another: 3");
}

#[test]
fn malformed_html_is_read_as_browsers_do() {
    let server = Server::new([
        (
            "/",
            bytes(html(
                "<<a href=/one<p>x</a <A HREF='/t&#119;o' HREF=/no><a\nhref = \"/three",
            )),
        ),
        (
            "/two",
            bytes(html("<div id=a id=b><a href=#a></div></p><a href=#b")),
        ),
    ]);
    let page: &[String] = &[server.url("/")];
    // The last tags do not end, so they are none.
    let one = (server.url("/one%3Cp"), "status 404", page);
    check(&server.url("/"), &[]).expect(1, &[one]);
}

#[test]
fn what_stands_after_the_hash_must_be_in_the_page() {
    let server = Server::new([
        (
            "/",
            bytes(links([
                "#here",
                "#not-here",
                "page#a",
                "page#b",
                "page#%C3%A9",
                "page#1-3",
                "page#1-4",
                "page#Top",
                "page#",
                "page#a:~:text=x",
                "image#any",
                "/to-page#a",
                "/to-page#b",
            ])),
        ),
        (
            "/page",
            bytes(html(
                "<p id=a><a name=é></a><i id=1></i><i id=3></i><br id=here>",
            )),
        ),
        ("/image", bytes(b"HTTP/1.1 200 OK\r\n\r\n".into())),
        ("/to-page", bytes(redirect("/page"))),
    ]);
    let page: &[String] = &[server.url("/")];
    let at = |path| (server.url(path), "no such place in the page", page);
    let broken = ["/#here", "/#not-here", "/page#1-4", "/page#b", "/to-page#b"].map(at);
    check(&server.url("/"), &[]).expect(1, &broken);
}

#[test]
fn what_is_outside_is_looked_at_and_not_read() {
    let other = Server::new([
        ("/", bytes(links(["/nowhere"]))),
        (
            "/only-get",
            Reply::InTurn(vec![bytes(status(405)), bytes(links(["/nowhere"]))]),
        ),
    ]);
    let server = Server::new([
        (
            "/in/",
            bytes(links([
                "page",
                "/out",
                &other.url("/"),
                &other.url("/only-get"),
            ])),
        ),
        ("/in/page", bytes(links([&other.url("/gone")]))),
        ("/out", bytes(links(["/nowhere"]))),
    ]);
    let gone = (
        other.url("/gone"),
        "status 404",
        &[server.url("/in/page")][..],
    );
    check(&server.url("/in/"), &[]).expect(1, &[gone]);
    assert_eq!(
        set(server.requests()),
        set(["GET /in/", "GET /in/page", "HEAD /out"])
    );
    let asked = ["HEAD /", "HEAD /gone", "HEAD /only-get"];
    assert!(set(other.requests()).is_superset(&set(asked)));
    assert_eq!(other.requests().len(), 4);
}

#[test]
fn only_get_is_tried_where_head_is_refused() {
    let not_implemented = Reply::InTurn(vec![bytes(status(501)), bytes(status(200))]);
    let other = Server::new([("/", not_implemented)]);
    let server = Server::new([("/", bytes(links([other.url("/")])))]);
    check(&server.url("/"), &[]).expect(0, &[]);
    assert_eq!(other.requests(), ["HEAD /", "GET /"]);
}

#[test]
fn redirects_are_followed_up_to_a_bound_and_circles_are_told() {
    let other = Server::new([("/there", bytes(links(["/nowhere"])))]);
    let mut replies = vec![
        (
            "/".to_owned(),
            bytes(links(["/1", "/5", "/loop", "/self", "/off", "/nowhere"])),
        ),
        ("/loop".into(), bytes(redirect("/pool"))),
        ("/pool".into(), bytes(redirect("loop"))),
        ("/self".into(), bytes(redirect("/self"))),
        ("/off".into(), bytes(redirect(&other.url("/there")))),
        (
            "/nowhere".into(),
            bytes(b"HTTP/1.1 301 Moved\r\n\r\n".into()),
        ),
        ("/9".into(), bytes(links(["gone"]))),
    ];
    let hop = |n: u32| (format!("/{n}"), bytes(redirect(&format!("/{}", n + 1))));
    replies.extend((1..9).map(hop));
    let server = Server::new(replies);
    let page: &[String] = &[server.url("/")];
    let wrong = |path, fault| (server.url(path), fault, page);
    let mut broken = vec![
        wrong("/loop", "redirects in a circle"),
        wrong("/nowhere", "a redirect to nowhere"),
        wrong("/self", "redirects in a circle"),
    ];
    let gone = (server.url("/gone"), "status 404", &[server.url("/9")][..]);
    broken.insert(0, gone);
    check(&server.url("/"), &["--redirects", "8"]).expect(1, &broken);
    broken.insert(0, wrong("/1", "too many redirects"));
    check(&server.url("/"), &["--redirects", "7"]).expect(1, &broken);
    // Whatever is asked first: from /5 it is four.
    check(&server.url("/"), &["--redirects", "4"]).expect(1, &broken);
    assert_eq!(set(other.requests()), set(["HEAD /there"]));
}

#[test]
fn what_was_too_many_redirects_away_is_checked_when_it_is_nearer() {
    let to = |path| bytes(redirect(path));
    let server = Server::new([
        ("/", bytes(links(["/1", "/page-1"]))),
        ("/1", to("/2")),
        ("/2", to("/3")),
        ("/3", to("/4")),
        // By now these were followed, and one by one they came before this page.
        ("/page-1", bytes(links(["/page-2"]))),
        ("/page-2", bytes(links(["/page-3"]))),
        ("/page-3", bytes(links(["/page-4"]))),
        ("/page-4", bytes(links(["/2"]))),
    ]);
    check(
        &server.url("/"),
        &["--redirects", "2", "--concurrency", "1"],
    )
    .expect(
        1,
        &[
            (server.url("/1"), "too many redirects", &[server.url("/")]),
            (server.url("/2"), "status 404", &[server.url("/page-4")]),
        ],
    );
    let requests = server.requests();
    let at = |path: &str| requests.iter().position(|request| request.ends_with(path));
    assert!(
        at("/3") < at("/page-4") && at("/4") > at("/page-4"),
        "{requests:?}"
    );
}

#[test]
fn bodies_are_read_however_they_are_framed() {
    let chunked = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: Text/HTML;x=y\r\n\
         transfer-encoding: chunked\r\n\r\n\
         a;name=value\r\n<a href='a\r\n3\r\nbc'\r\n1\r\n>\r\n0\r\nTrailer: x\r\n\r\n";
    let to_the_end = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<a href=to-the-end>";
    let wrong =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n";
    let server = Server::new([
        ("/", Reply::Slowly(links(["chunked", "end", "wrong"]))),
        ("/chunked", Reply::Slowly(chunked.into())),
        ("/end", bytes(to_the_end.into())),
        ("/wrong", bytes(wrong.into())),
    ]);
    check(&server.url("/"), &[]).expect(
        1,
        &[
            (server.url("/abc"), "status 404", &[server.url("/chunked")]),
            (
                server.url("/to-the-end"),
                "status 404",
                &[server.url("/end")],
            ),
            (
                server.url("/wrong"),
                "not HTTP: the size of a chunk is malformed",
                &[server.url("/")],
            ),
        ],
    );
}

#[test]
fn a_page_that_is_no_utf_8_is_taken_for_latin_1() {
    let page = html(b"<a href=/caf\xe9><p id=\xfcber><a href='#\xfcber'><a href='#\xe4'>");
    let server = Server::new([("/", bytes(page))]);
    let url: &[String] = &[server.url("/")];
    check(&server.url("/"), &[]).expect(
        1,
        &[
            (server.url("/#%C3%A4"), "no such place in the page", url),
            (server.url("/caf%C3%A9"), "status 404", url),
        ],
    );
}

#[test]
fn the_documentation_of_the_library_has_no_broken_link() {
    // <target>/<profile>/examples/sitecheck
    let target = SITECHECK.ancestors().nth(3).unwrap();
    let mut doc = Command::new(env!("CARGO"));
    doc.args(["doc", "--no-deps", "-p", "pleach", "--target-dir"]);
    assert!(doc.arg(target).status().unwrap().success());
    let server = Server::of_files(&target.join("doc"));
    let outcome = check(&server.url("/pleach/index.html"), &[]);
    outcome.expect(0, &[]).said("broken links: 0");
    assert!(server.requests().len() > 100, "{}", outcome.stderr);
}
