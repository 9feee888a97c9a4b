# Not closed by default: a plane does not take it.
package healthcare.healthdata

allow := true
