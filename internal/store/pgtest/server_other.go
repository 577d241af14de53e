//go:build !unix

package pgtest

import "os/exec"

type server struct{ ended chan struct{} }

func (c *Cluster) begin() error     { return errNoPostgres }
func (c *Cluster) end() error       { return nil }
func asOther(*exec.Cmd, bool) error { return errNoPostgres }
func giveAway(...string) error      { return errNoPostgres }
