//! Every function against results that Terraform gives.

use crate::support::{TestFiles, TestLookup, expand_with, file, mistakes, value};
use serde_json::json;
use std::collections::HashMap;
use wharf_core::Value;
use wharf_stack::Inputs;

/// `expression => JSON`, one per line.
fn check(table: &str) {
    let mut failures = String::new();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (expression, expected) = line.rsplit_once(" => ").expect("`expression => result`");
        let expected: serde_json::Value = serde_json::from_str(expected).expect(line);
        let actual = value(&format!("${{{expression}}}"));
        if actual != Value::from(expected.clone()) {
            failures.push_str(&format!("{expression}\n  gives {actual}\n  not   {expected}\n"));
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn operators() {
    check(
        r#"
        1 + 2 * 3 => 7
        (1 + 2) * 3 => 9
        7 / 2 => 3.5
        8 / 2 => 4
        -7 % 3 => -1
        - (2) => -2
        "5" + 1 => 6
        1 == 1.0 => true
        1 == "1" => false
        [1, 2] == [1, 2] => true
        {a = 1} != {a = 2} => true
        null == null => true
        2 >= 2 && !false => true
        false && (1 / 0 == 1) => false
        true || (1 / 0 == 1) => true
        true ? "a" : 1 / 0 => "a"
        [1, 2, 3][1] => 2
        {a = {b = [5]}}.a.b[0] => 5
        {"a b" = 1}["a b"] => 1
        [{n = 1}, {n = 2}][*].n => [1, 2]
        [{n = [1]}, {n = [2]}].*.n[1] => [2]
        [{n = [1]}, {n = [2]}][*].n[0] => [1, 2]
        null[*] => []
        {n = 1}[*].n => [1]
        [for x in [1, 2, 3] : x * 2 if x != 2] => [2, 6]
        [for i, x in ["a", "b"] : "${i}${x}"] => ["0a", "1b"]
        {for k, v in {a = 1, b = 2} : v => k} => {"1": "a", "2": "b"}
        {for x in ["a", "b", "ab"] : length(x) => x...} => {"1": ["a", "b"], "2": ["ab"]}
        "${1}-${true}" => "1-true"
        "${[1]}" => [1]
        "%{ if 1 > 2 }a%{ else }b%{ endif }" => "b"
        "%{ for x in [1, 2] ~}  ${x},  %{~ endfor }" => "1,2,"
        "x  ${~ 1 ~}  y" => "x1y"
        "$${a} %%{b}" => "${a} %{b}"
        "\u0041\n" => "A\n"
        "#,
    );
    assert_eq!(value("${<<-EOT\n    a\n      b ${1 + 1}\n    EOT\n}"), Value::from("a\n  b 2\n"));
    assert_eq!(value("$${var.x} costs 5%"), Value::from("${var.x} costs 5%"));
}

#[test]
fn strings() {
    check(
        r##"
        format("%s is %d", "a", 5) => "a is 5"
        format("%05d|%-5s|%5s|%+d", 42, "ab", "ab", 7) => "00042|ab   |   ab|+7"
        format("%.2f %f %5.1f", 3.14159, 1, 2.25) => "3.14 1.000000   2.2"
        format("%x %X %#x %b %o", 255, 255, 255, 5, 8) => "ff FF 0xff 101 10"
        format("%q %v %v %v %%", "a\"b", [1, "x"], {a = true}, 1.5) => "\"a\\\"b\" [1,\"x\"] {\"a\":true} 1.5 %"
        format("%t %s", true, 5) => "true 5"
        format("%[2]s %[1]s", "a", "b") => "b a"
        format("%e", 12345.678) => "1.234568e+04"
        format("%3d|%-3d|%03d", -5, 5, -5) => " -5|5  |-05"
        format("%.3s", "abcdef") => "abc"
        formatlist("%s-%s", "a", ["x", "y"]) => ["a-x", "a-y"]
        join(", ", ["a", "b"], ["c"]) => "a, b, c"
        join("-", []) => ""
        join(",", [1, true]) => "1,true"
        split(",", "a,b,,c") => ["a", "b", "", "c"]
        split(",", "") => [""]
        split("", "ab") => ["a", "b"]
        replace("hello", "l", "L") => "heLLo"
        replace("a1b22", "/[0-9]+/", "#") => "a#b#"
        replace("ab", "/(a)(b)/", "$2$1") => "ba"
        replace("1 + 2", "+", "-") => "1 - 2"
        lower("ABc") => "abc"
        upper("abC") => "ABC"
        title("hello world") => "Hello World"
        trimspace(" \ta b\n") => "a b"
        trim("??a?", "?") => "a"
        trimprefix("helloworld", "hello") => "world"
        trimsuffix("helloworld", "world") => "hello"
        chomp("a\n\r\n") => "a"
        indent(2, "a\nb") => "a\n  b"
        substr("hello world", 1, 4) => "ello"
        substr("hello", -3, -1) => "llo"
        substr("héllo", 1, 1) => "é"
        strrev("abc") => "cba"
        startswith("abc", "ab") => true
        endswith("abc", "bc") => true
        strcontains("abc", "bx") => false
        regex("[a-z]+", "12ab3") => "ab"
        regex("(\\d+)-(\\d+)", "1-2") => ["1", "2"]
        regex("(?P<a>\\d)", "x7") => {"a": "7"}
        regexall("[a-z]", "1a2b") => ["a", "b"]
        "##,
    );
}

#[test]
fn collections() {
    check(
        r#"
        concat(["a"], ["b", "c"], []) => ["a", "b", "c"]
        merge({a = 1, b = 2}, {b = 3}, null) => {"a": 1, "b": 3}
        keys({b = 1, a = 2}) => ["a", "b"]
        values({b = 1, a = 2}) => [2, 1]
        lookup({a = 1}, "a", 9) => 1
        lookup({a = 1}, "b", 9) => 9
        length([1, 2]) => 2
        length({a = 1}) => 1
        length("héé") => 3
        contains(["a", "b"], "b") => true
        contains([1], "1") => false
        flatten([["a", ["b"]], [], "c"]) => ["a", "b", "c"]
        toset(["b", "a", "b"]) => ["a", "b"]
        tolist(["b", "a"]) => ["b", "a"]
        tomap({a = 1}) => {"a": 1}
        zipmap(["a", "b"], [1, 2]) => {"a": 1, "b": 2}
        element(["a", "b", "c"], 4) => "b"
        element(["a", "b"], -1) => "b"
        coalesce(null, "", "a", "b") => "a"
        coalesce(null, 0) => 0
        coalescelist([], ["a"]) => ["a"]
        compact(["a", "", null, "b"]) => ["a", "b"]
        distinct(["b", "a", "b"]) => ["b", "a"]
        reverse([1, 2]) => [2, 1]
        sort(["b", "a", "10", "9"]) => ["10", "9", "a", "b"]
        slice([1, 2, 3, 4], 1, 3) => [2, 3]
        index(["a", "b"], "b") => 1
        one([]) => null
        one([5]) => 5
        range(3) => [0, 1, 2]
        range(1, 8, 2) => [1, 3, 5, 7]
        range(4, 1) => [4, 3, 2]
        range(1, 2, 0.5) => [1, 1.5]
        setunion(["a", "b"], ["b", "c"]) => ["a", "b", "c"]
        setintersection(["a", "b"], ["b", "c"]) => ["b"]
        setsubtract(["a", "b"], ["b"]) => ["a"]
        setproduct(["a", "b"], [1]) => [["a", 1], ["b", 1]]
        try({a = 1}.b, "no") => "no"
        can({a = 1}.b) => false
        can(1 + 1) => true
        max(1, 5, 3) => 5
        min([2, 1]...) => 1
        sum([1, 2.5]) => 3.5
        abs(-3) => 3
        ceil(1.2) => 2
        floor(-1.2) => -2
        pow(2, 10) => 1024
        signum(-5) => -1
        parseint("ff", 16) => 255
        tostring(true) => "true"
        tonumber("1.5") => 1.5
        tobool("true") => true
        tonumber(null) => null
        "#,
    );
}

#[test]
fn encodings() {
    check(
        r#"
        jsonencode({b = [1, true, null], a = "<&>"}) => "{\"a\":\"\\u003c\\u0026\\u003e\",\"b\":[1,true,null]}"
        jsondecode("{\"a\": [1, 2.5]}") => {"a": [1, 2.5]}
        base64encode("Hello") => "SGVsbG8="
        base64decode("SGVsbG8=") => "Hello"
        urlencode("a b&ü") => "a+b%26%C3%BC"
        sha256("hello world") => "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
        base64sha256("hello world") => "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="
        md5("hello world") => "5eb63bbbe01eeed093cb22bb8f5acdc3"
        yamlencode({a = [1, {b = "x", c = null}], d = {}, e = true}) => "\"a\":\n- 1\n- \"b\": \"x\"\n  \"c\": null\n\"d\": {}\n\"e\": true\n"
        yamlencode(["a", ["b"]]) => "- \"a\"\n- - \"b\"\n"
        yamlencode("x") => "\"x\"\n"
        yamldecode("a: [1, no]\nb: ~") => {"a": [1, "no"], "b": null}
        cidrsubnet("10.0.0.0/16", 8, 2) => "10.0.2.0/24"
        cidrsubnet("172.16.0.0/12", 4, 2) => "172.18.0.0/16"
        cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162) => "fd00:fd12:3456:7800:a200::/72"
        cidrsubnets("10.1.0.0/16", 4, 4, 8, 4) => ["10.1.0.0/20", "10.1.16.0/20", "10.1.32.0/24", "10.1.48.0/20"]
        cidrhost("10.12.112.0/20", 16) => "10.12.112.16"
        cidrhost("10.12.112.0/20", -1) => "10.12.127.255"
        cidrhost("fd00:fd12:3456:7890:00a2::/72", 34) => "fd00:fd12:3456:7890::22"
        cidrnetmask("172.16.0.0/12") => "255.240.0.0"
        "#,
    );
}

#[test]
fn archives_are_the_same_bytes_every_time() {
    let expression = "${zip_base64({\"b.txt\" = \"two\", \"a/c.txt\" = \"one\"})}";
    let first = value(expression);
    assert_eq!(first, value(expression));
    let bytes = base64_decode(first.as_str().expect("text"));
    assert_eq!(&bytes[..4], b"PK\x03\x04");
    assert!(bytes.windows(7).any(|window| window == b"a/c.txt"));
}

fn base64_decode(text: &str) -> Vec<u8> {
    let decoded = value(&format!("${{length(base64encode({text:?}))}}"));
    assert!(decoded.as_i64().is_some());
    let table = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0u32;
    let mut count = 0;
    let mut bytes = Vec::new();
    for digit in text.bytes().filter_map(|byte| table.iter().position(|other| *other == byte)) {
        bits = bits << 6 | u32::try_from(digit).expect("six bits");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).expect("eight bits"));
        }
    }
    bytes
}

#[test]
fn files_and_templates() {
    let files = TestFiles(HashMap::from([
        ("hello.txt".to_owned(), b"hi\n".to_vec()),
        ("raw.bin".to_owned(), vec![0xff, 0x00]),
        (
            "page.tftpl".to_owned(),
            b"%{ for name, port in ports ~}\n${name}: ${port}\n%{ endfor ~}\n%{ if tls }tls%{ else }plain%{ endif }\n".to_vec(),
        ),
        ("wrong.tftpl".to_owned(), b"line one\n${missing}\n".to_vec()),
    ]));
    let text = file(
        "outputs:
  a: ${file(\"${path.stack}/hello.txt\")}
  b: ${filebase64(\"raw.bin\")}
  c: '${templatefile(\"page.tftpl\", {ports = {http = 80, https = 443}, tls = true})}'
  d: ${filesha256(\"hello.txt\")}
",
    );
    let (_, expanded) = expand_with(&text, &Inputs::default(), files);
    let outputs = expanded.expect("good").outputs(&TestLookup::default()).expect("evaluates");
    let values: Vec<_> = outputs.into_iter().map(|(_, value)| value.to_json().expect("known")).collect();
    assert_eq!(values[0], json!("hi\n"));
    assert_eq!(values[1], json!("/wA="));
    assert_eq!(values[2], json!("http: 80\nhttps: 443\ntls\n"));
    assert_eq!(values[3].as_str().map(str::len), Some(64));
}

#[test]
fn what_functions_refuse() {
    let table = [
        ("1 / 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("9223372036854775807 + 1", "the number is too large"),
        ("-(-9223372036854775807 - 1)", "the number is too large"),
        ("join(\",\", 1)", "argument 2 of `join` must be a list, not a number"),
        (
            "join(\",\", [[1]])",
            "argument 2 of `join` must be a list of strings, not a list with a list in it",
        ),
        ("upper([])", "the argument of `upper` must be a string, not a list"),
        ("upper()", "`upper` takes 1 argument, not 0"),
        ("lookup({}, \"a\", 1, 2)", "`lookup` takes 2 to 3 arguments, not 4"),
        ("format(\"%d\", \"x\")", "`%d` needs a number, not a string"),
        ("format(\"%s\")", "`%s` has no argument: there are only 0"),
        ("format(\"%s\", 1, 2)", "`format` has 2 values, but verbs for only 1"),
        ("format(\"%z\", 1)", "`%z` is no verb"),
        ("format(\"%999999999d\", 1)", "a width or precision is at most 1024"),
        ("range(0, 5000)", "`range` makes at most 1024 numbers"),
        ("cidrsubnet(\"10.0.0.0/16\", 20, 0)", "10.0.0.0/16 cannot be extended by 20 bits"),
        ("cidrsubnet(\"10.0.0.0/16\", 2, 4)", "2 bits have no room for network number 4"),
        ("cidrsubnet(\"x\", 2, 4)", "`x` is no network"),
        ("cidrhost(\"10.0.0.0/30\", 4)", "10.0.0.0/30 has no host number 4"),
        ("jsondecode(\"{\")", "this is not JSON: EOF while parsing an object at line 1 column 1"),
        ("base64decode(\"_w==\")", "this is not base64: Invalid symbol 95, offset 0."),
        ("element([], 0)", "`element` needs a list with at least one element"),
        ("coalesce(null, \"\")", "every argument of `coalesce` is null or empty"),
        ("regex(\"[\", \"\")", "this pattern cannot be used: unclosed character class"),
        ("[1][3]", "index 3 is outside a list of 1"),
        ("{a = 1}.b", "there is no `b` in the mapping"),
        ("\"a\".b", "a string has no attribute `b`"),
        ("null.b", "null has no attribute `b`"),
        ("1 ? 2 : 3", "a condition must be true or false, not a number"),
        ("\"x${null}\"", "null cannot be put into text"),
        ("\"x${[1]}\"", "a list cannot be put into text"),
        ("{for x in [1, 1] : x => x}", "two elements have the key `1`"),
        ("\"a\" + 1", "`+` needs numbers, not a string"),
        ("!5", "`!` needs a boolean, not a number"),
        ("max(1...)", "`...` needs a list, not a number"),
        ("timestamp()", "`timestamp` gives another result on every run"),
        ("zip_base64({\"../x\" = \"\"})", "`../x` is no name for a file in an archive"),
        ("file(\"nope\")", "there is no file `nope`"),
    ];
    for (expression, message) in table {
        let text =
            file(&format!("outputs:\n  out: {}\n", serde_json::Value::from(format!("${{{expression}}}"))));
        let said = mistakes(&text);
        assert!(said.contains(message), "{expression}\n  says {said}  not  {message}");
    }
}

#[test]
fn huge_results_are_refused() {
    for expression in [
        "replace(join(\"\", [for x in range(1000) : join(\"\", [for y in range(1000) : \"xx\"])]), \"x\", join(\"\", [for y in range(1000) : \"yy\"]))",
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]",
        "setproduct(range(1000), range(1000), range(1000))",
    ] {
        let text =
            file(&format!("outputs:\n  out: {}\n", serde_json::Value::from(format!("${{{expression}}}"))));
        let said = mistakes(&text);
        assert!(said.contains("too much") || said.contains("longer than"), "{expression}: {said}");
    }
}
