package lib.tenant

own_namespace := namespace if {
	namespace := input.review.object.metadata.namespace
	namespace != ""
}

# The namespace whose team an object belongs to: its own, or that of the claim behind it.
default name := ""

name := own_namespace

name := namespace if {
	not own_namespace
	namespace := input.review.object.metadata.labels["crossplane.io/claim-namespace"]
}

# What is known of that namespace: sent with the request, or synced to the inventory.
metadata := found if {
	own_namespace
	found := input.review.namespaceObject.metadata
} else := found if {
	found := data.inventory.cluster.v1.Namespace[name].metadata
} else := {}

label(key) := value if {
	value := metadata.labels[key]
	value != ""
} else := ""

annotation(key) := value if {
	value := metadata.annotations[key]
	value != ""
} else := ""
