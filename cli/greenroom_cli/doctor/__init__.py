"""`greenroom doctor`: looks at a deployment from outside, and says what to mend."""
