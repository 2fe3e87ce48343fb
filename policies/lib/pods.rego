package lib.pods

# Where a kind keeps the template of its pods; a kind that is not named here is looked through in the same places.
template_paths := [["spec", "template"], ["spec", "jobTemplate", "spec", "template"], ["template"]]

of(root, kind) := [{"path": "", "metadata": object.get(root, "metadata", {}), "spec": object.get(root, "spec", {})}] if kind == "Pod"

of(root, kind) := [pod |
	some path in template_paths
	template := object.get(root, path, null)
	is_object(template)
	pod := {
		"path": concat("", [text | some key in path; text := sprintf("%s.", [key])]),
		"metadata": object.get(template, "metadata", {}),
		"spec": object.get(template, "spec", {}),
	}
] if {
	kind != "Pod"
}

# What an UPDATE leaves as it was passes: removing a finalizer from an old pod must not be blocked.
settled(pod) if {
	input.review.operation == "UPDATE"
	some old in of(input.review.oldObject, input.review.kind.kind)
	old.path == pod.path
	old.spec == pod.spec
	object.get(old.metadata, "annotations", {}) == object.get(pod.metadata, "annotations", {})
}

# The pods to judge: the object itself, or what its template makes.
judged contains pod if {
	input.review.operation != "DELETE"
	some pod in of(input.review.object, input.review.kind.kind)
	not settled(pod)
}

lists := ["containers", "initContainers", "ephemeralContainers"]

# Every container of the judged pods, whichever list it is in, with its path and its pod.
containers contains entry if {
	some pod in judged
	some list in lists
	some index, container in object.get(pod.spec, list, [])
	entry := {
		"path": sprintf("%sspec.%s[%d]", [pod.path, list, index]),
		"list": list,
		"name": object.get(container, "name", "without a name"),
		"container": container,
		"pod": pod,
	}
	not exempt(object.get(container, "image", ""))
}

# Images that the constraint exempts: equal, or by "*" at the end.
exempt(image) if image in input.parameters.exemptImages

exempt(image) if {
	some pattern in input.parameters.exemptImages
	endswith(pattern, "*")
	startswith(image, trim_suffix(pattern, "*"))
}

is_windows(pod) if pod.spec.os.name == "windows"

# The first of several places that says something: a container's own word counts before its pod's.
setting(entry, path) := {"field": sprintf("%s.%s", [entry.path, concat(".", path)]), "value": value} if {
	value := object.get(entry.container, path, null)
	value != null
} else := {"field": sprintf("%sspec.%s", [entry.pod.path, concat(".", path)]), "value": value} if {
	value := object.get(entry.pod.spec, path, null)
	value != null
} else := {"field": sprintf("%s.%s", [entry.path, concat(".", path)]), "value": null}
