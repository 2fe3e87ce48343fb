//! `claim explain` on the example platform.

use insta::assert_snapshot;

use crate::sandbox::{DEFINITION, Outcome, Sandbox, run_in_repository};

fn explain(arguments: &[&str]) -> Outcome {
    run_in_repository(&[&["claim", "explain", "--platform", "examples/platform"], arguments].concat())
}

#[test]
fn a_kind() {
    assert_snapshot!(explain(&["SQLInstance"]).answer(), @"
    GROUP:      sql.acme.example
    KIND:       SQLInstance
    VERSION:    v1

    DESCRIPTION:
        A relational database with backups, in the team's region.

    FIELDS:
      apiVersion	<string>
        <no description>

      kind	<string>
        <no description>

      metadata	<Object>
        <no description>

      spec	<Object> -required-
        <no description>

      status	<Object>
        <no description>
    ");
}

#[test]
fn an_object_with_rules_defaults_and_limits() {
    assert_snapshot!(explain(&["SQLInstance.spec.parameters"]).answer(), @r#"
    GROUP:      sql.acme.example
    KIND:       SQLInstance
    VERSION:    v1

    FIELD: parameters <Object> -required-

    DESCRIPTION:
        What the database should be.

    RULES:
        size large needs storageGB of 100 or more

    FIELDS:
      backupDays	<integer>
      default: 7
      limits: minimum 0, maximum 35
        How long backups are kept. 0 makes none.

      engine	<string> -required-
      enum: postgres, mysql
        Which database.

      port	<integer>
      default: 5432
      limits: minimum 1024, maximum 65535
        The port it listens on.

      region	<string>
      enum: eu, us
      default: eu
        Where it stands.

      size	<string>
      enum: small, medium, large
      default: small
        How much memory and processor it gets.

      storageGB	<integer>
      default: 20
      limits: minimum 20, maximum 1000
        Disk in gigabytes. It can grow, not shrink.

      version	<string>
      default: "16"
        Major version of the engine.
    "#);
}

#[test]
fn one_field() {
    assert_snapshot!(explain(&["sqlinstances.spec.parameters.size"]).answer(), @"
    GROUP:      sql.acme.example
    KIND:       SQLInstance
    VERSION:    v1

    FIELD: size <string>
    ENUM:
        small
        medium
        large
    DEFAULT:
        small

    DESCRIPTION:
        How much memory and processor it gets.
    ");
}

#[test]
fn everything_below() {
    assert_snapshot!(explain(&["bucket", "--recursive"]).answer(), @"
    GROUP:      storage.acme.example
    KIND:       Bucket
    VERSION:    v1

    DESCRIPTION:
        A private bucket for files.

    FIELDS:
      apiVersion	<string>
      kind	<string>
      metadata	<Object>
        name	<string>
        limits: max length 63
      spec	<Object> -required-
        crossplane	<Object>
          compositionRef	<Object>
            name	<string> -required-
          compositionRevisionRef	<Object>
            name	<string> -required-
          compositionRevisionSelector	<Object>
            matchLabels	<map[string]string> -required-
          compositionSelector	<Object>
            matchLabels	<map[string]string> -required-
          compositionUpdatePolicy	<string>
          enum: Automatic, Manual
          default: Automatic
          resourceRefs	<[]Object>
            apiVersion	<string> -required-
            kind	<string> -required-
            name	<string>
        region	<string>
        enum: eu, us
        default: eu
        versioning	<boolean>
        default: true
      status	<Object>
        bucketName	<string>
        conditions	<[]Object>
          lastTransitionTime	<string> -required-
          limits: format date-time
          message	<string>
          observedGeneration	<integer>
          limits: format int64
          reason	<string> -required-
          status	<string> -required-
          type	<string> -required-
    ");
}

#[test]
fn every_name_of_a_kind() {
    let wanted = explain(&["SQLInstance"]).answer();
    for name in ["sqlinstance", "SQLINSTANCES", "sql", "sqlinstances.sql.acme.example"] {
        assert_eq!(explain(&[name]).answer(), wanted, "{name}");
    }
    assert_eq!(explain(&["sql", "--api-version", "sql.acme.example/v1"]).answer(), wanted);
    let field = explain(&["sql.spec.parameters"]).answer();
    assert_eq!(explain(&["sqlinstances.sql.acme.example.spec.parameters"]).answer(), field);
    assert!(explain(&["xsqlinstance"]).answer().contains("KIND:       XSQLInstance"));
}

#[test]
fn what_is_not_there() {
    assert_snapshot!(explain(&["bukcet"]).refusal(), @r#"
    error: kind "bukcet" is unknown
      caused by: no XRD of the platform has a kind of this name
      hint: did you mean "Bucket"?
    1 error; nothing was explained
    "#);
    assert_snapshot!(explain(&["zebra"]).refusal(), @r#"
    error: kind "zebra" is unknown
      caused by: no XRD of the platform has a kind of this name
      hint: the platform has: SQLInstance, App, Bucket, XSQLInstance
    1 error; nothing was explained
    "#);
    assert_snapshot!(explain(&["sql.spec.parameters.storageGb"]).refusal(), @r#"
    error: SQLInstance has no field spec.parameters.storageGb
      caused by: parameters has: backupDays, engine, port, region, size, storageGB, version
      hint: did you mean "storageGB"?
    1 error; nothing was explained
    "#);
    assert_snapshot!(explain(&["sql.spec..size"]).refusal(), @r#"
    error: SQLInstance has no field "spec..size"
      caused by: cannot parse path "spec..size": unexpected '.' at position 5
    1 error; nothing was explained
    "#);
    assert_snapshot!(explain(&["sql", "--api-version", "sql.acme.example/v2"]).refusal(), @r#"
    error: SQLInstance cannot be explained
      caused by: xsqlinstances.sql.acme.example has no version "v2"
      hint: versions: v1
    1 error; nothing was explained
    "#);
}

#[test]
fn a_kind_of_several_xrds() {
    let sandbox = Sandbox::new()
        .file("platform/one.yaml", DEFINITION)
        .file("platform/two.yaml", DEFINITION.replace("test.example", "other.example"));
    let explain =
        |arguments: &[&str]| sandbox.run(&[&["claim", "explain", "--platform", "platform"], arguments].concat());
    assert_snapshot!(explain(&["dk"]).refusal(), @r#"
    error: kind "dk" is not clear
      caused by: several XRDs have it: disks.other.example, disks.test.example
      hint: write one of these names, or give --api-version GROUP/VERSION
    1 error; nothing was explained
    "#);
    assert!(explain(&["disks.other.example"]).answer().starts_with("GROUP:      other.example\n"));
    assert!(explain(&["dk", "--api-version", "test.example/v1"]).answer().starts_with("GROUP:      test.example\n"));
}
