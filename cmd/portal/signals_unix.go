//go:build unix

package main

import "syscall"

func init() { inert = append(inert, syscall.SIGUSR1, syscall.SIGUSR2) }
