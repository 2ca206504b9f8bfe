//! The two things that look out of the crate: files, and the JSON Schema for editors.

use crate::support::TestTypes;
use serde_json::json;
use wharf_stack::{Files, StackDirectory, json_schema};

#[test]
fn files_stay_inside_their_directory() {
    let outer = tempfile::tempdir().expect("a directory");
    std::fs::write(outer.path().join("secret"), "x").expect("written");
    let inner = outer.path().join("stack");
    std::fs::create_dir_all(inner.join("sub")).expect("made");
    std::fs::write(inner.join("sub/a.txt"), "hello").expect("written");
    let files = StackDirectory::new(&inner).expect("there");
    assert_eq!(files.read("sub/a.txt"), Ok(b"hello".to_vec()));
    assert_eq!(files.read("./sub/a.txt"), Ok(b"hello".to_vec()));
    for path in ["../secret", "sub/../../secret", "/etc/passwd", "", "sub", "none"] {
        assert!(files.read(path).is_err(), "{path}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outer.path().join("secret"), inner.join("link")).expect("linked");
        std::os::unix::fs::symlink("a.txt", inner.join("sub/near")).expect("linked");
        assert!(files.read("link").expect_err("outside").contains("outside"));
        assert_eq!(files.read("sub/near"), Ok(b"hello".to_vec()));
    }
    let large = std::fs::File::create(inner.join("large")).expect("made");
    large.set_len(9 << 20).expect("sized");
    assert!(files.read("large").expect_err("too large").contains("larger than"));
}

#[test]
fn the_schema_says_what_a_type_takes() {
    let schema = json_schema(&TestTypes::default());
    let vpc = &schema["$defs"]["aws_vpc"];
    assert_eq!(vpc["required"], json!(["cidr_block"]));
    assert_eq!(vpc["additionalProperties"], json!(false));
    assert!(vpc["properties"].get("id").is_none());
    assert_eq!(vpc["properties"]["enable_dns_hostnames"]["anyOf"][0], json!({"type": "boolean"}));
    assert_eq!(vpc["properties"]["instance_tenancy"]["anyOf"][0], json!({"enum": ["default", "dedicated"]}));
    let cases = schema["$defs"]["resource"]["allOf"].as_array().expect("cases");
    assert!(cases.iter().all(|case| case.get("if").is_some() && case.get("then").is_some()));
    assert!(!schema.to_string().contains("oneOf"));
}
