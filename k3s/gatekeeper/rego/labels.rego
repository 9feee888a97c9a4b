# Whoever sees an object knows whose data it has and of which kind.
package healthdatalabels

violation contains {"msg": msg} if {
	some label in input.parameters.labels
	not is_valid(label)
	msg := sprintf("%s %s: the label %s is missing or does not match %s", [
		input.review.object.kind, input.review.object.metadata.name, label.key, label.allowed,
	])
}

# What makes pods must label them, too: the pods are what is refused otherwise, and nobody sees that.
violation contains {"msg": msg} if {
	some label in input.parameters.labels
	template := input.review.object.spec.template
	not regex.match(label.allowed, object.get(template, ["metadata", "labels", label.key], ""))
	msg := sprintf("%s %s: its pods lack the label %s, or it does not match %s", [
		input.review.object.kind, input.review.object.metadata.name, label.key, label.allowed,
	])
}

is_valid(label) if regex.match(label.allowed, input.review.object.metadata.labels[label.key])
