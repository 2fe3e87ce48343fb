//! Help, topics, version, and command lines that are not understood.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn help(arguments: &[&str]) -> String {
    Sandbox::new().run(arguments).answer()
}

fn misuse(arguments: &[&str]) -> String {
    Sandbox::new().run(arguments).misuse()
}

#[test]
fn help_of_the_plugin() {
    assert_snapshot!(help(&["--help"]), @"
    See, offline, what a claim means on your platform, and what its guardrails say

    Examples:
      kubectl plat claim plan -f claim.yaml --platform platform/
      kubectl plat claim explain SQLInstance --platform platform/
      kubectl plat policy check -f manifests/ --policies policies/
      kubectl plat help topics

    Usage: kubectl plat [OPTIONS] <COMMAND>

    Commands:
      claim       Plan, render and explain claims and composite resources (XRs)
      policy      Check, test, lint, explain and report guardrails: Gatekeeper's templates, constraints
                  and suites
      version     Print plat's version and the versions it behaves as
      completion  Print a completion script for a shell
      help        Print help for a command or a topic

    Options:
      -V, --version  Print version

    Global options:
          --color <WHEN>  When to colour [default: auto] [possible values: auto, always, never]
      -h, --help          Print help

    Exit codes:
        0  done
        1  an error in the input or the platform
        2  done, and there are changes (only with --detailed-exitcode)
        3  denied by a guardrail
       64  the command line is not understood
       70  a mistake in plat itself
      130  stopped by Ctrl-C
    ");
}

#[test]
fn help_of_plan() {
    assert_snapshot!(help(&["claim", "plan", "--help"]), @"
    Show what a claim or XR would change, and where each change comes from

    Without --platform the platform, its guardrails and what is live come from the cluster, and
    the API server is asked what it would make of each change. A claim that is named instead of
    given in a file shows its drift. With --platform nobody is asked, unless a cluster is named
    too: files then take the place of what the cluster has. Planning writes nothing.

    Examples:
      kubectl plat claim plan -f claim.yaml
      kubectl plat claim plan sqlinstance/orders-db
      kubectl plat claim plan -A --detailed-exitcode
      kubectl plat claim plan -f claim.yaml --platform platform/
      kubectl plat claim plan -f claims/ -R --platform platform/ --observed live/
      kubectl plat claim plan sqlinstance/orders-db --platform new-composition.yaml --live
      kubectl plat claim plan -f claims/ --platform platform/ --policies policies/
      kubectl plat claim plan -f claims/ --platform platform/ -o markdown > comment.md

    Usage: kubectl plat claim plan [OPTIONS] [CLAIM]...

    Arguments:
      [CLAIM]...  Claims and XRs of the cluster: KIND/NAME, KIND NAME or NAME

    Input options:
      -A, --all-namespaces         Every claim of the cluster, and every XR without one
      -l, --selector <SELECTOR>    Those with these labels, as kubectl get -l
      -f, --filename <FILE>        Claims and XRs: files, folders, globs, or - for stdin; repeat or
                                   separate by commas
      -R, --recursive              Read the folders in folders of -f too
      -n, --namespace <NAMESPACE>  Namespace for claims and XRs that name none [default: the context's,
                                   or default where no cluster is asked]
          --platform <PATH>        The platform: files or folders with XRDs, Compositions,
                                   EnvironmentConfigs, Functions and CRDs; may be repeated
          --observed <PATH>        What is live: files or folders with claims, XRs, composed resources
                                   and connection Secrets; may be repeated

    Cluster options:
          --live                       Ask the cluster, although --platform is given: files take the
                                       place of what it has
          --local                      Work out here what would change, instead of asking the API server
                                       by dry-runs
          --kubeconfig <FILE>          The kubeconfig [default: the files in KUBECONFIG, else
                                       ~/.kube/config, else the Pod's service account]
          --context <NAME>             A context of the kubeconfig [default: its current one]
          --as <USER>                  The user to act as
          --qps <NUMBER>               Requests a second, at most [default: 200]
          --request-timeout <SECONDS>  Seconds that one request may take [default: 30]

    Guardrail options:
          --policies <PATH>            Guardrails: files or folders with ConstraintTemplates,
                                       Constraints and what Gatekeeper reads besides; may be repeated
          --inventory <PATH>           Objects that guardrails may look up, and Namespaces; files or
                                       folders; may be repeated
          --rego-only                  Evaluate the Rego of templates that bring CEL too
          --no-mutation                Judge objects as they are, without the mutators among the
                                       policies
          --enforcement-point <POINT>  Whose scoped enforcement actions count [default: gator; webhook
                                       for guardrails of a cluster] [possible values: gator, webhook,
                                       audit]

    Engine options:
          --compatibility <VERSION>     Whose rules to follow for names, references and conditions
                                        [default: v2] [possible values: v1, v2.0, v2]
          --function <NAME=HOST:PORT>   Where a function that is not native runs; may be repeated
          --skip-unavailable-functions  Go on without functions that cannot run, and mark what may
                                        differ
          --context-values <KEY=VALUE>  A value that pipelines find in their context, as JSON or YAML;
                                        may be repeated
          --context-files <KEY=FILE>    A file with such a value; may be repeated

    Output options:
      -o, --output <FORMAT>    Output format [default: text] [possible values: text, json, yaml,
                               markdown]
          --detailed-exitcode  Exit with 2 where there are changes

    Global options:
          --color <WHEN>  When to colour [default: auto] [possible values: auto, always, never]
      -h, --help          Print help

    Exit codes:
        0  done
        1  an error in the input or the platform
        2  done, and there are changes (only with --detailed-exitcode)
        3  denied by a guardrail
       64  the command line is not understood
       70  a mistake in plat itself
      130  stopped by Ctrl-C
    ");
}

#[test]
fn help_of_render() {
    assert_snapshot!(help(&["claim", "render", "--help"]), @"
    Print the XR of a claim and everything it is composed of

    Compares, document by document, with crossplane composition render -x.

    Examples:
      kubectl plat claim render -f claim.yaml --platform platform/
      kubectl plat claim render -f xr.yaml --platform platform/ -r -c
      kubectl plat claim render -f claims/ --platform platform/ -o json

    Usage: kubectl plat claim render [OPTIONS] --filename <FILE> --platform <PATH>

    Input options:
      -f, --filename <FILE>        Claims and XRs: files, folders, globs, or - for stdin; repeat or
                                   separate by commas
      -R, --recursive              Read the folders in folders of -f too
          --platform <PATH>        The platform: files or folders with XRDs, Compositions,
                                   EnvironmentConfigs, Functions and CRDs; may be repeated
          --observed <PATH>        What is live: files or folders with claims, XRs, composed resources
                                   and connection Secrets; may be repeated
      -n, --namespace <NAMESPACE>  Namespace for claims and XRs that name none [default: default]

    Engine options:
          --compatibility <VERSION>     Whose rules to follow for names, references and conditions
                                        [default: v2] [possible values: v1, v2.0, v2]
          --function <NAME=HOST:PORT>   Where a function that is not native runs; may be repeated
          --skip-unavailable-functions  Go on without functions that cannot run, and mark what may
                                        differ
          --context-values <KEY=VALUE>  A value that pipelines find in their context, as JSON or YAML;
                                        may be repeated
          --context-files <KEY=FILE>    A file with such a value; may be repeated

    Output options:
      -o, --output <FORMAT>           Output format [default: yaml] [possible values: yaml, json]
      -r, --include-function-results  Add what functions said, as objects of kind Result
      -c, --include-context           Add the pipeline's context, as an object of kind Context
          --include-nested            Add what nested XRs are composed of

    Global options:
          --color <WHEN>  When to colour [default: auto] [possible values: auto, always, never]
      -h, --help          Print help

    Exit codes:
        0  done
        1  an error in the input or the platform
        2  done, and there are changes (only with --detailed-exitcode)
        3  denied by a guardrail
       64  the command line is not understood
       70  a mistake in plat itself
      130  stopped by Ctrl-C
    ");
}

#[test]
fn help_of_explain() {
    assert_snapshot!(help(&["claim", "explain", "--help"]), @"
    Show the fields of a claim or XR: types, defaults, limits

    Examples:
      kubectl plat claim explain SQLInstance --platform platform/
      kubectl plat claim explain sqlinstances.spec.parameters.size --platform platform/
      kubectl plat claim explain SQLInstance --platform platform/ --recursive

    Usage: kubectl plat claim explain [OPTIONS] --platform <PATH> <KIND[.FIELD]>

    Arguments:
      <KIND[.FIELD]>  Kind, plural, singular or short name; add .spec.field for one field

    Input options:
          --platform <PATH>              The platform: files or folders with XRDs, Compositions,
                                         EnvironmentConfigs, Functions and CRDs; may be repeated
          --api-version <GROUP/VERSION>  Group and version, where several XRDs have the kind or an older
                                         version is meant

    Output options:
          --recursive  Print the fields below too, without their descriptions

    Global options:
          --color <WHEN>  When to colour [default: auto] [possible values: auto, always, never]
      -h, --help          Print help

    Exit codes:
        0  done
        1  an error in the input or the platform
        2  done, and there are changes (only with --detailed-exitcode)
        3  denied by a guardrail
       64  the command line is not understood
       70  a mistake in plat itself
      130  stopped by Ctrl-C
    ");
}

#[test]
fn topics() {
    assert_snapshot!(help(&["help", "topics"]), @"
    Topics:
      formats        What goes in, what comes out
      exit-codes     What a script may rely on
      guardrails     What may deny a plan
      compatibility  Whose behaviour plat has

    kubectl plat help TOPIC prints one.
    ");
    for topic in ["formats", "exit-codes", "guardrails", "compatibility"] {
        let text = help(&["help", topic]);
        assert!(text.starts_with(&topic.to_uppercase().replace('-', " ")), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{topic} is wider than 80 columns");
    }
}

#[test]
fn help_takes_commands_like_the_flag() {
    assert_eq!(help(&["help", "claim", "plan"]), help(&["claim", "plan", "--help"]));
    assert_eq!(help(&["help", "claim", "plan"]), help(&["claim", "plan", "-h"]));
    assert_eq!(help(&["help"]), help(&["--help"]));
    assert_snapshot!(misuse(&["help", "claims"]), @r#"
    error: no command or topic "claims"

      hint: did you mean "claim"?
    "#);
    assert_snapshot!(misuse(&["help", "zebra"]), @r#"
    error: no command or topic "zebra"

      hint: kubectl plat help topics lists the topics, kubectl plat --help the commands
    "#);
}

#[test]
fn version() {
    assert_snapshot!(help(&["version"]), @"
    plat 0.1.0
    behaves as:
      crossplane                    2.4.0
      function-patch-and-transform  0.10.7
      function-auto-ready           0.6.0
      function-environment-configs  main of 2026-08
    ");
    assert_snapshot!(help(&["version", "-o", "json"]), @r#"
    {
      "behavesAs": {
        "crossplane": "2.4.0",
        "function-auto-ready": "0.6.0",
        "function-environment-configs": "main of 2026-08",
        "function-patch-and-transform": "0.10.7"
      },
      "version": "0.1.0"
    }
    "#);
    assert_snapshot!(help(&["version", "-o", "yaml"]), @"
    behavesAs:
      crossplane: 2.4.0
      function-auto-ready: 0.6.0
      function-environment-configs: main of 2026-08
      function-patch-and-transform: 0.10.7
    version: 0.1.0
    ");
    assert_eq!(help(&["--version"]), format!("kubectl-plat {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn command_lines_that_are_not_understood() {
    assert_snapshot!(misuse(&[]), @"
    See, offline, what a claim means on your platform, and what its guardrails say

    Examples:
      kubectl plat claim plan -f claim.yaml --platform platform/
      kubectl plat claim explain SQLInstance --platform platform/
      kubectl plat policy check -f manifests/ --policies policies/
      kubectl plat help topics

    Usage: kubectl plat [OPTIONS] <COMMAND>

    Commands:
      claim       Plan, render and explain claims and composite resources (XRs)
      policy      Check, test, lint, explain and report guardrails: Gatekeeper's templates, constraints
                  and suites
      version     Print plat's version and the versions it behaves as
      completion  Print a completion script for a shell
      help        Print help for a command or a topic

    Options:
      -V, --version  Print version

    Global options:
          --color <WHEN>  When to colour [default: auto] [possible values: auto, always, never]
      -h, --help          Print help

    Exit codes:
        0  done
        1  an error in the input or the platform
        2  done, and there are changes (only with --detailed-exitcode)
        3  denied by a guardrail
       64  the command line is not understood
       70  a mistake in plat itself
      130  stopped by Ctrl-C
    ");
    assert_snapshot!(misuse(&["claim", "paln"]), @"
    error: unrecognized subcommand 'paln'

      hint: a similar subcommand exists: 'plan'

    Usage: kubectl plat claim [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(misuse(&["claim", "plan", "--platfrom", "x"]), @"
    error: unexpected argument '--platfrom' found

      hint: a similar argument exists: '--platform'

    Usage: kubectl plat claim plan --platform <PATH> [CLAIM]...

    For more information, try '--help'.
    ");
    assert_snapshot!(misuse(&["claim", "plan", "-A", "-n", "a"]), @"
    error: the argument '--all-namespaces' cannot be used with '--namespace <NAMESPACE>'

    Usage: kubectl plat claim plan --all-namespaces [CLAIM]...

    For more information, try '--help'.
    ");
    assert_snapshot!(misuse(&["claim", "plan", "-f", "a", "--platform", "b", "-o", "xml"]), @"
    error: invalid value 'xml' for '--output <FORMAT>'
      [possible values: text, json, yaml, markdown]

      hint: a similar value exists: 'yaml'

    For more information, try '--help'.
    ");
    assert_snapshot!(misuse(&["claim", "plan", "-f", "a", "--platform", "b", "--function", "x"]), @"
    error: invalid value 'x' for '--function <NAME=HOST:PORT>': give NAME=HOST:PORT

    For more information, try '--help'.
    ");
    assert_snapshot!(misuse(&["claim", "plan", "-f", "a", "--platform", "b", "--function", "x=host"]), @r#"
    error: invalid value 'x=host' for '--function <NAME=HOST:PORT>': "host" has no port between 1 and 65535; give HOST:PORT

    For more information, try '--help'.
    "#);
    assert_snapshot!(misuse(&["claim", "plan", "-f", "a", "--platform", "b", "--compatibility", "v3"]), @"
    error: invalid value 'v3' for '--compatibility <VERSION>'
      [possible values: v1, v2.0, v2]

    For more information, try '--help'.
    ");
    assert_snapshot!(misuse(&["completion", "tcsh"]), @"
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]

      hint: a similar value exists: 'zsh'

    For more information, try '--help'.
    ");
}
