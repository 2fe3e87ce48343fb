package lib.pods0

template_paths = [["spec", "template"], ["spec", "jobTemplate", "spec", "template"]]

places[{"path": "spec", "spec": spec}] {
	input.review.kind.kind == "Pod"
	spec := object.get(input.review.object, "spec", {})
}

places[{"path": path, "spec": spec}] {
	input.review.kind.kind != "Pod"
	keys := template_paths[_]
	spec := object.get(input.review.object, array.concat(keys, ["spec"]), null)
	spec != null
	path := concat(".", array.concat(keys, ["spec"]))
}

# What an UPDATE leaves as it was passes.
settled(place) {
	input.review.operation == "UPDATE"
	object.get(input.review.oldObject, split(place.path, "."), null) == place.spec
}

# The containers that keep running: not those that start the pod or look into it.
containers[entry] {
	input.review.operation != "DELETE"
	place := places[_]
	not settled(place)
	container := place.spec.containers[index]
	entry := {
		"path": sprintf("%v.containers[%d]", [place.path, index]),
		"name": object.get(container, "name", "without a name"),
		"container": container,
	}
	not exempt(object.get(container, "image", ""))
}

exempt(image) {
	image == input.parameters.exemptImages[_]
}

exempt(image) {
	pattern := input.parameters.exemptImages[_]
	endswith(pattern, "*")
	startswith(image, trim_suffix(pattern, "*"))
}
