use super::*;

#[test]
fn reads_a_document() {
    let (documents, findings) = parse("a.yaml", b"a: 1\n---\nn: y\nb:\n- c: 2\n");
    assert_eq!(findings, []);
    assert_eq!(documents[1].value, serde_json::json!({"false": true, "b": [{"c": 2}]}));
}
