//go:build tools

// Package tools names the programs that `make conformance` builds, so that go.mod and go.sum pin them.
package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"
