package lib.pods_test

import data.lib.pods

pod(spec) := {"review": {"operation": "CREATE", "kind": {"kind": "Pod"}, "object": {"metadata": {"name": "a"}, "spec": spec}}}

cronjob := {"review": {"operation": "CREATE", "kind": {"kind": "CronJob"}, "object": {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "main"}]}}}}}}}}

test_all_lists_of_containers if {
	paths := {entry.path | some entry in pods.containers} with input as pod({
		"containers": [{"name": "a"}, {}],
		"initContainers": [{"name": "b"}],
		"ephemeralContainers": [{"name": "c"}],
	})
	paths == {"spec.containers[0]", "spec.containers[1]", "spec.initContainers[0]", "spec.ephemeralContainers[0]"}
}

test_templates if {
	{entry.path | some entry in pods.containers} == {"spec.jobTemplate.spec.template.spec.containers[0]"} with input as cronjob
}

test_a_kind_of_others_with_a_template if {
	rollout := {"review": {"operation": "CREATE", "kind": {"kind": "Rollout"}, "object": {"spec": {"template": {"spec": {"containers": [{}]}}}}}}
	count(pods.containers) == 1 with input as rollout
}

test_no_pod_no_containers if {
	count(pods.containers) == 0 with input as pod({})
	count(pods.judged) == 1 with input as pod({})
	count(pods.judged) == 0 with input as {"review": {"operation": "CREATE", "kind": {"kind": "Service"}, "object": {"spec": {}}}}
}

test_settled if {
	spec := {"containers": [{"name": "a"}]}
	same := {"review": {"operation": "UPDATE", "kind": {"kind": "Pod"}, "object": {"metadata": {"labels": {"x": "y"}}, "spec": spec}, "oldObject": {"spec": spec}}}
	count(pods.judged) == 0 with input as same
	annotated := object.union(same, {"review": {"object": {"metadata": {"annotations": {"a": "b"}}}}})
	count(pods.judged) == 1 with input as annotated
}

test_exempt if {
	images := {"parameters": {"exemptImages": ["a/agent:1", "b/*"]}}
	pods.exempt("a/agent:1") with input as images
	pods.exempt("b/any") with input as images
	not pods.exempt("a/agent:11") with input as images
	not pods.exempt("bb/any") with input as images
	not pods.exempt("any") with input as {"parameters": {}}
}

test_a_container_speaks_before_its_pod if {
	path := ["securityContext", "runAsNonRoot"]
	entry := {"path": "spec.containers[0]", "container": {"securityContext": {"runAsNonRoot": false}}, "pod": {"path": "", "spec": {"securityContext": {"runAsNonRoot": true}}}}
	pods.setting(entry, path) == {"field": "spec.containers[0].securityContext.runAsNonRoot", "value": false}
	silent := object.union(entry, {"container": {"securityContext": null}})
	pods.setting(silent, path) == {"field": "spec.securityContext.runAsNonRoot", "value": true}
}
