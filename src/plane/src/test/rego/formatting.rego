# Uses a function that a plane does not give.
package healthcare.healthdata

default allow := false

reasons contains sprintf("no_%s", [input.action]) if input.action
