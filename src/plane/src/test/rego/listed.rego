# Decides by data of its own, says more than words, and knows a deny that is a set.
package healthcare.healthdata

default allow := false

allow if input.user.subject in data.listed

deny contains "mars" if input.destination == "mars"

reasons contains "You, Sir, are not on the list!" if not allow

reasons contains "not_listed" if not allow
